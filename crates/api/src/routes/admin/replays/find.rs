//! `GET /admin/replays/{id}`.

use super::replay::ReplayBody;
use crate::auth::Allowed;
use crate::params::{Id, PathParam};
use crate::policy::SeeFailedJobs;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use operations::replays::find_replay as find;

/// Show a replay
///
/// Its progress, and how many jobs failed again.
#[utoipa::path(get, path = "/admin/replays/{id}", tag = "admin", params(("id" = uuid::Uuid, Path, description = "The replay's id")),
    responses((status = 200, description = "The replay", body = ReplayBody)), security(("access_token" = [])))]
pub async fn find_replay(
    State(state): State<AppState>,
    _allowed: Allowed<SeeFailedJobs>,
    PathParam(Id(id)): PathParam<Id>,
) -> Result<Json<ReplayBody>, Problem> {
    let replay = find(&state.pool, id).await?;
    Ok(Json(replay.ok_or_else(|| Problem::not_found("replay"))?.into()))
}
