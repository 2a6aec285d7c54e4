//! Stores the audit record and the response of a request in the transaction of its use case.

use super::IdempotentResponse;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use domain::Timestamp;
use operations::Auditor;
use operations::idempotent_responses::{EarlierUse, RequestKey, find_response, insert_response};
use platform::audit::{AuditRecord, AuditSink};
use platform::postgres::is_lock_timeout;
use platform::response::ResponseSink;
use sqlx::PgConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// `Retry-After` of a repeat whose first request is still in progress.
const IN_PROGRESS_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Audit sink and response sink of one request. Cheap to clone: the use case gets one copy, the route keeps the other.
#[derive(Debug)]
pub struct Recorder<T> {
    auditor: Auditor,
    key: Option<Arc<KeyInUse>>,
    render: fn(&T) -> IdempotentResponse,
}

#[derive(Debug)]
struct KeyInUse {
    request: RequestKey,
    /// Responses stored before this time have expired.
    kept_since: Timestamp,
    /// Set when another request held the key's row for longer than the lock timeout.
    is_locked: AtomicBool,
}

impl<T> Recorder<T> {
    pub(super) fn new(
        auditor: Auditor,
        key: Option<RequestKey>,
        kept_since: Timestamp,
        render: fn(&T) -> IdempotentResponse,
    ) -> Self {
        let in_use = |request| Arc::new(KeyInUse { request, kept_since, is_locked: AtomicBool::new(false) });
        Self { auditor, key: key.map(in_use), render }
    }

    fn is_key_locked(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.is_locked.load(Ordering::Relaxed))
    }

    /// The time of the request, used for everything that it changes.
    pub fn at(&self) -> Timestamp {
        self.auditor.at
    }
}

impl<T> Clone for Recorder<T> {
    fn clone(&self) -> Self {
        Self { auditor: self.auditor.clone(), key: self.key.clone(), render: self.render }
    }
}

impl<T: Sync> AuditSink for Recorder<T> {
    async fn record(&self, tx: &mut PgConnection, change: AuditRecord) -> sqlx::Result<()> {
        self.auditor.record(tx, change).await
    }
}

impl<T: Sync> ResponseSink<T> for Recorder<T> {
    async fn store_response(&self, tx: &mut PgConnection, outcome: &T) -> sqlx::Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        let response = (self.render)(outcome).stored;
        let stored = insert_response(tx, &key.request, &response, key.kept_since, self.auditor.at).await;
        let is_first = stored.inspect_err(|error| key.is_locked.store(is_lock_timeout(error), Ordering::Relaxed))?;
        // The error rolls this transaction back; the response of the first request is stored now and is returned
        // instead.
        if is_first { Ok(()) } else { Err(sqlx::Error::RowNotFound) }
    }
}

impl AppState {
    /// Runs `work` once per key, detached from the client's connection. A repeat gets the first response; so does a
    /// request whose commit succeeded but whose confirmation from the database was lost.
    pub async fn run_idempotent<T, E>(
        &self,
        recorder: &Recorder<T>,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<IdempotentResponse, Problem>
    where
        T: Send + Sync + 'static,
        E: Into<Problem> + Send + 'static,
    {
        if let Some(earlier) = self.earlier_response(recorder).await? {
            return Ok(earlier);
        }
        let problem = match self.run_detached(work).await {
            Ok(outcome) => return Ok((recorder.render)(&outcome)),
            Err(problem) => problem,
        };
        match self.earlier_response(recorder).await {
            Ok(Some(earlier)) => Ok(earlier),
            Err(reused) if reused.kind == Kind::IdempotencyKeyReused => Err(reused),
            Ok(None) | Err(_) if recorder.is_key_locked() => Err(in_progress()),
            Ok(None) | Err(_) => Err(problem),
        }
    }

    /// The response that is stored under the request's key, if any.
    async fn earlier_response<T>(&self, recorder: &Recorder<T>) -> Result<Option<IdempotentResponse>, Problem> {
        let Some(key) = &recorder.key else { return Ok(None) };
        match find_response(&self.pool, &key.request, key.kept_since).await? {
            None => Ok(None),
            Some(EarlierUse::Same(stored)) => Ok(Some(IdempotentResponse { stored, replayed: true })),
            Some(EarlierUse::Other) => {
                let detail = "This `Idempotency-Key` was used for another request; send a new key for a new request";
                Err(Problem::about_parameter(Kind::IdempotencyKeyReused, super::key::HEADER, detail))
            }
        }
    }
}

fn in_progress() -> Problem {
    let detail = "A request with this `Idempotency-Key` is in progress; retry in a moment";
    Problem::new(Kind::RequestInProgress, detail).retry_after(IN_PROGRESS_RETRY_AFTER)
}
