//! Returns who receives orders, for the carrier. The process that books shipments connects this to shipping: messages do
//! not contain personal data.

use crate::error::StoreError;
use crate::store::recipients as store;
use domain::ids::OrderId;
use domain::order::Recipient;
use sqlx::PgConnection;
use std::collections::HashMap;

/// The recipients of those of `orders` that have one which was not erased.
pub async fn find_recipients(
    connection: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, Recipient>, StoreError> {
    store::find(connection, orders).await
}
