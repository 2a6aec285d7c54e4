//! What happens to the products of a user who is no longer a vendor: they stop selling, in the same transaction.

use accounts::FormerVendor;
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgConnection;

#[derive(Debug, Clone, Copy)]
pub struct WithdrawProducts;

impl FormerVendor for WithdrawProducts {
    async fn stop_selling(&self, tx: &mut PgConnection, vendor: UserId, now: Timestamp) -> sqlx::Result<()> {
        catalogue::withdraw_products_of(tx, vendor, now).await.map(drop)
    }
}
