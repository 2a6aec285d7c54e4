use super::job::{FailedJobBody, answer};
use crate::auth::Allowed;
use crate::idempotency::{Answer, KeyParam, Keyed};
use crate::params::{Id, PathParam};
use crate::policy::ManageFailedJobs;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestId;
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use axum::extract::State;
use operations::failed_jobs::{Decided, discard};

/// Discard a failed job
///
/// It is not replayed; its record stays, with your reason. Safe to repeat.
#[utoipa::path(post, path = "/admin/failed-jobs/{id}/discard", tag = "admin", params(("id" = uuid::Uuid, Path, description = "The job's id"), KeyParam),
    request_body = ReasonBody, responses((status = 200, description = "The job after the decision", body = FailedJobBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn discard_failed_job(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<ManageFailedJobs>,
    request: RequestId,
    PathParam(Id(id)): PathParam<Id>,
    Keyed { body, repeat }: Keyed<ReasonBody>,
) -> Result<Answer, Problem> {
    let recorder = repeat.recorder(&state, caller, &request, answer);
    let decided = Decided { by: caller.actor(), reason: body.reason, at: recorder.at() };
    let (pool, recording) = (state.pool.clone(), recorder.clone());
    let discarding = async move { discard(&pool, id, &decided, &recording).await };
    state.change(&recorder, discarding).await
}
