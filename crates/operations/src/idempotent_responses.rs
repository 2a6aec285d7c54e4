//! Stored responses of requests with an idempotency key, by caller, route and key.

pub use crate::model::idempotent_responses::{EarlierUse, RequestKey, StoredResponse};

use crate::store;
use domain::Timestamp;
use sqlx::{PgConnection, PgPool};

/// Finds the earlier use of the key; a use before `kept_since` has expired.
pub async fn find_response(
    pool: &PgPool,
    request: &RequestKey,
    kept_since: Timestamp,
) -> sqlx::Result<Option<EarlierUse>> {
    store::idempotent_responses::find(&mut *platform::postgres::reader(pool).await?, request, kept_since).await
}

/// Stores the first response. Returns false if another request has used the key: then the transaction must be rolled
/// back. Waits for the transaction of a concurrent request with the same key.
pub async fn insert_response(
    tx: &mut PgConnection,
    request: &RequestKey,
    response: &StoredResponse,
    kept_since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<bool> {
    store::idempotent_responses::insert(tx, request, response, kept_since, now).await
}

/// Deletes at most `limit` responses from before `older_than`, and returns their number.
pub async fn prune_responses(pool: &PgPool, older_than: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let mut connection = platform::postgres::writer(pool).await?;
    let deleted = store::idempotent_responses::delete(&mut connection, older_than, limit).await?;
    connection.commit().await?;
    Ok(deleted)
}
