//! Withdraws all products of a vendor who may not sell any more.

use crate::store;
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgConnection;

/// Returns how many were active. The caller commits. New orders of them are refused after at most 2 seconds.
pub async fn withdraw_products_of(tx: &mut PgConnection, vendor: UserId, now: Timestamp) -> sqlx::Result<u64> {
    store::withdraw_of(tx, vendor, now).await
}
