//! `POST /admin/replays/{id}/cancel`.

use super::replay::ReplayBody;
use crate::auth::Allowed;
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::{Id, PathParam};
use crate::policy::ManageFailedJobs;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestId;
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use operations::failed_jobs::Decision;
use operations::replays::{Replay, cancel_replay as cancel};

/// Cancel a replay
///
/// Jobs that were not replayed yet stay open. Safe to repeat.
#[utoipa::path(post, path = "/admin/replays/{id}/cancel", tag = "admin", params(("id" = uuid::Uuid, Path, description = "The replay's id"), KeyParam),
    request_body = ReasonBody, responses((status = 200, description = "The replay after the cancellation", body = ReplayBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn cancel_replay(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<ManageFailedJobs>,
    request: RequestId,
    PathParam(Id(id)): PathParam<Id>,
    IdempotentJson { body, idempotency }: IdempotentJson<ReasonBody>,
) -> Result<IdempotentResponse, Problem> {
    let recorder = idempotency.recorder(&state, caller, &request, respond);
    let decision = Decision { by: caller.actor(), reason: body.reason, at: recorder.at() };
    let (pool, recording) = (state.pool.clone(), recorder.clone());
    state.run_idempotent(&recorder, async move { cancel(&pool, id, &decision, &recording).await }).await
}

fn respond(replay: &Replay) -> IdempotentResponse {
    IdempotentResponse::json(StatusCode::OK, &ReplayBody::from(replay.clone()))
}
