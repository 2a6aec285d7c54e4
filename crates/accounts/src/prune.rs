//! Deletes expired refresh tokens, and families that have none left.

use crate::{AccountError, store};
use domain::Timestamp;
use sqlx::PgPool;

/// Deletes at most `limit` expired tokens with their emptied families; returns how many tokens it deleted.
pub async fn prune_refresh_tokens(pool: &PgPool, now: Timestamp, limit: u32) -> Result<u64, AccountError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let pruned = store::delete_expired_refresh_tokens(&mut tx, now, limit).await?;
    tx.commit().await?;
    Ok(pruned)
}
