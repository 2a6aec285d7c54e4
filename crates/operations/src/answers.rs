//! First answers to requests that may be repeated: by caller, route and the caller's own key.

use crate::store;
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::{PgConnection, PgPool};

/// A request that its caller may repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    pub principal: UserId,
    /// Method and path template.
    pub route: String,
    /// The caller's own name for the request.
    pub key: String,
    /// SHA-256 of what is asked for: under one key it is always the same.
    pub fingerprint: [u8; 32],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

/// An earlier use of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EarlierUse {
    /// The same request, and its answer.
    Same(KeptAnswer),
    /// A request for something else.
    Other,
}

/// The earlier use of the key, unless it was before `kept_since`.
pub async fn find_answer(
    pool: &PgPool,
    request: &RequestKey,
    kept_since: Timestamp,
) -> sqlx::Result<Option<EarlierUse>> {
    store::answers::find(&mut *pool.acquire().await?, request, kept_since).await
}

/// Stores the first answer; false when the key was used meanwhile, and the transaction must be rolled back. A twin that is
/// about to commit is waited for.
pub async fn keep_answer(
    tx: &mut PgConnection,
    request: &RequestKey,
    answer: &KeptAnswer,
    kept_since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<bool> {
    store::answers::insert(tx, request, answer, kept_since, now).await
}

/// Forgets answers that were given before `older_than`, at most `limit`, and says how many.
pub async fn prune_answers(pool: &PgPool, older_than: Timestamp, limit: u32) -> sqlx::Result<u64> {
    store::answers::delete(&mut *pool.acquire().await?, older_than, limit).await
}
