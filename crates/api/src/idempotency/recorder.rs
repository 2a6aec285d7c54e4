//! What a request leaves behind beside its effect, in the same transaction: the audit record, and its answer.

use super::Answer;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use domain::Timestamp;
use operations::Auditor;
use operations::answers::{EarlierUse, RequestKey, find_answer, keep_answer};
use platform::answer::AnswerSink;
use platform::postgres::is_lock_timeout;
use platform::witness::{Change, Witness};
use sqlx::PgConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a repeat should let the first request finish.
const TWIN_WAIT: Duration = Duration::from_secs(1);

/// Cheap to clone: the use case gets one, the route keeps the other.
#[derive(Debug)]
pub struct Recorder<T> {
    auditor: Auditor,
    key: Option<Arc<KeyInUse>>,
    render: fn(&T) -> Answer,
}

#[derive(Debug)]
struct KeyInUse {
    request: RequestKey,
    /// Answers that were given before then are forgotten.
    kept_since: Timestamp,
    /// Another request holds the key for longer than a lock is waited for.
    has_twin: AtomicBool,
}

impl<T> Recorder<T> {
    pub(super) fn new(
        auditor: Auditor,
        key: Option<RequestKey>,
        kept_since: Timestamp,
        render: fn(&T) -> Answer,
    ) -> Self {
        let in_use = |request| Arc::new(KeyInUse { request, kept_since, has_twin: AtomicBool::new(false) });
        Self { auditor, key: key.map(in_use), render }
    }

    fn has_twin(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.has_twin.load(Ordering::Relaxed))
    }

    /// When the request is carried out.
    pub fn at(&self) -> Timestamp {
        self.auditor.at
    }
}

impl<T> Clone for Recorder<T> {
    fn clone(&self) -> Self {
        Self { auditor: self.auditor.clone(), key: self.key.clone(), render: self.render }
    }
}

impl<T: Sync> Witness for Recorder<T> {
    async fn note(&self, tx: &mut PgConnection, change: Change) -> sqlx::Result<()> {
        self.auditor.note(tx, change).await
    }
}

impl<T: Sync> AnswerSink<T> for Recorder<T> {
    async fn keep(&self, tx: &mut PgConnection, outcome: &T) -> sqlx::Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        let answer = (self.render)(outcome).kept;
        let kept = keep_answer(tx, &key.request, &answer, key.kept_since, self.auditor.at).await;
        let is_first = kept.inspect_err(|error| key.has_twin.store(is_lock_timeout(error), Ordering::Relaxed))?;
        // Rolled back: the answer of the request that came first is there now, and is given instead.
        if is_first { Ok(()) } else { Err(sqlx::Error::RowNotFound) }
    }
}

impl AppState {
    /// Has `work` change something once, to its end even if the client goes away. A repeat gets the first answer; so
    /// does a request whose commit went through though its confirmation was lost.
    pub async fn change<T, E>(
        &self,
        recorder: &Recorder<T>,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<Answer, Problem>
    where
        T: Send + Sync + 'static,
        E: Into<Problem> + Send + 'static,
    {
        if let Some(earlier) = self.earlier(recorder).await? {
            return Ok(earlier);
        }
        let problem = match self.finish(work).await {
            Ok(outcome) => return Ok((recorder.render)(&outcome)),
            Err(problem) => problem,
        };
        match self.earlier(recorder).await {
            Ok(Some(earlier)) => Ok(earlier),
            Err(reused) if reused.kind == Kind::IdempotencyKeyReused => Err(reused),
            Ok(None) | Err(_) if recorder.has_twin() => Err(in_progress()),
            Ok(None) | Err(_) => Err(problem),
        }
    }

    /// The answer that was given before under the request's key.
    async fn earlier<T>(&self, recorder: &Recorder<T>) -> Result<Option<Answer>, Problem> {
        let Some(key) = &recorder.key else { return Ok(None) };
        match find_answer(&self.pool, &key.request, key.kept_since).await? {
            None => Ok(None),
            Some(EarlierUse::Same(kept)) => Ok(Some(Answer { kept, replayed: true })),
            Some(EarlierUse::Other) => {
                let detail = "this idempotency key was used for another request";
                Err(Problem::about_parameter(Kind::IdempotencyKeyReused, super::key::HEADER, detail))
            }
        }
    }
}

fn in_progress() -> Problem {
    let detail = "a request with this idempotency key is under way";
    Problem::new(Kind::RequestInProgress, detail).retry_after(TWIN_WAIT)
}
