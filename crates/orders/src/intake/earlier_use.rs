//! Earlier uses of idempotency keys.

use crate::error::{PlaceOrderError, StoreError};
use crate::idempotency_key::IdempotencyKey;
use crate::store::idempotency_keys as store;
use domain::Timestamp;
use domain::ids::PrincipalId;
use sqlx::PgPool;

/// Deletes keys that were first used before `older_than`, at most `limit` of them; returns how many it deleted.
pub async fn prune_keys(pool: &PgPool, older_than: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let mut connection = platform::postgres::writer(pool).await?;
    let deleted = store::delete_keys(&mut connection, older_than, limit).await?;
    connection.commit().await?;
    Ok(deleted)
}

/// The earlier use of `key`, unless it was before `kept_since`.
pub(super) async fn find_earlier_use(
    pool: &PgPool,
    (principal, route, key): (PrincipalId, &str, &IdempotencyKey),
    kept_since: Timestamp,
) -> Result<Option<store::StoredKey>, PlaceOrderError> {
    let found = async {
        store::find_key(&mut *platform::postgres::reader(pool).await?, principal, route, key, kept_since).await
    };
    found.await.map_err(|error: StoreError| {
        tracing::error!(%error, "The earlier use of an idempotency key could not be queried");
        match error {
            StoreError::Database(error) if platform::postgres::is_transient(&error) => PlaceOrderError::Unavailable,
            StoreError::Database(_) | StoreError::Inconsistent(_) => PlaceOrderError::Failed,
        }
    })
}
