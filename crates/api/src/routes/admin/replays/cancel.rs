//! `POST /admin/replays/{id}/cancel`.

use super::replay::ReplayBody;
use crate::change::{Audited, Detached};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::{Id, PathParam};
use crate::policy::ManageFailedJobs;
use crate::problem::{Kind, Problem};
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use axum::http::StatusCode;
use operations::Justification;
use operations::replays::{Replay, cancel_replay as cancel};

/// Cancel a replay
///
/// Jobs that were not replayed yet stay open. Safe to repeat.
#[utoipa::path(post, path = "/admin/replays/{id}/cancel", tag = "admin", params(("id" = uuid::Uuid, Path, description = "The replay's id"), KeyParam),
    request_body = ReasonBody, responses((status = 200, description = "The replay after the cancellation", body = ReplayBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn cancel_replay(
    detached: Detached,
    by: Audited<ManageFailedJobs>,
    PathParam(Id(id)): PathParam<Id>,
    IdempotentJson { body, idempotency }: IdempotentJson<ReasonBody>,
) -> Result<IdempotentResponse, Problem> {
    let justification = Justification { by: by.caller.actor(), reason: body.reason, at: by.at };
    let work = |state: AppState, recorder| async move { cancel(&state.pool, id, &justification, &recorder).await };
    detached.run_once(by, idempotency, respond, work).await
}

fn respond(replay: &Replay) -> IdempotentResponse {
    IdempotentResponse::json(StatusCode::OK, &ReplayBody::from(replay.clone()))
}
