//! `POST /admin/failed-jobs/{id}/replay`.

use super::job::{FailedJobBody, respond};
use crate::change::{Audited, Detached};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::{Id, PathParam};
use crate::policy::ManageFailedJobs;
use crate::problem::{Kind, Problem};
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use operations::Justification;
use operations::failed_jobs::replay;

/// Replay a failed job
///
/// Publishes its message again, unchanged, only to the queue in which it failed. Consumers deduplicate messages, so its
/// effect happens once. Safe to repeat; a job that fails again is open again.
#[utoipa::path(post, path = "/admin/failed-jobs/{id}/replay", tag = "admin", params(("id" = uuid::Uuid, Path, description = "The job's id"), KeyParam),
    request_body = ReasonBody, responses((status = 200, description = "The job after the decision", body = FailedJobBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn replay_failed_job(
    detached: Detached,
    by: Audited<ManageFailedJobs>,
    PathParam(Id(id)): PathParam<Id>,
    IdempotentJson { body, idempotency }: IdempotentJson<ReasonBody>,
) -> Result<IdempotentResponse, Problem> {
    let justification = Justification { by: by.caller.actor(), reason: body.reason, at: by.at };
    let work = |state: AppState, recorder| async move { replay(&state.write, id, &justification, &recorder).await };
    detached.run_once(by, idempotency, respond, work).await
}
