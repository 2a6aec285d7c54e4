//! Returns an order as refunds see it: its lines with what of them is captured.

use crate::error::StoreError;
use crate::store::refundable;
use domain::ids::OrderId;
use domain::refund::Refundable;
use sqlx::PgPool;

/// `None` when there is no such order. Its lines and prices never change; captured units and the captured amount
/// only become more.
pub async fn find_refundable(pool: &PgPool, id: OrderId) -> Result<Option<Refundable>, StoreError> {
    refundable::find(&mut *platform::postgres::reader(pool).await?, id).await
}
