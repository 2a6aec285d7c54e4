//! Deletes expired refresh tokens and stream tickets, and sessions (rows of `refresh_families`) that have none left.

use crate::{AccountError, store};
use domain::Timestamp;
use sqlx::PgPool;

/// Deletes at most `limit` expired refresh tokens with the sessions that this empties, and as many stream tickets;
/// returns the number of refresh tokens.
pub async fn prune_refresh_tokens(pool: &PgPool, now: Timestamp, limit: u32) -> Result<u64, AccountError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let pruned = store::delete_expired_refresh_tokens(&mut tx, now, limit).await?;
    store::stream_tickets::delete_expired(&mut tx, now, limit).await?;
    tx.commit().await?;
    Ok(pruned)
}
