//! Deletes expired refresh tokens, and sessions (rows of `refresh_families`) that have none left.

use crate::{AccountError, store};
use domain::Timestamp;
use sqlx::PgPool;

/// Deletes at most `limit` expired tokens and the sessions that this empties; returns the number of
/// tokens.
pub async fn prune_refresh_tokens(pool: &PgPool, now: Timestamp, limit: u32) -> Result<u64, AccountError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let pruned = store::delete_expired_refresh_tokens(&mut tx, now, limit).await?;
    tx.commit().await?;
    Ok(pruned)
}
