use super::replay::ReplayBody;
use crate::auth::Allowed;
use crate::params::PathParam;
use crate::policy::ManageFailedJobs;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use operations::replays::find_replay as find;
use uuid::Uuid;

/// Show a replay
///
/// How far it is, and how many died again.
#[utoipa::path(get, path = "/admin/replays/{id}", tag = "admin", params(("id" = Uuid, Path, description = "The replay's id")),
    responses((status = 200, description = "The replay", body = ReplayBody)), security(("access_token" = [])))]
pub async fn find_replay(
    State(state): State<AppState>,
    _allowed: Allowed<ManageFailedJobs>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<ReplayBody>, Problem> {
    let replay = find(&state.pool, id).await?;
    Ok(Json(replay.ok_or_else(|| Problem::not_found("replay"))?.into()))
}
