//! `GET /admin/replays`.

use super::replay::ReplayBody;
use crate::auth::Allowed;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeFailedJobs;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::page::PageSize;
use operations::replays::list_replays as list;
use uuid::Uuid;

#[derive(Debug)]
pub struct ReplayQuery {
    before: Option<Uuid>,
    limit: PageSize,
}

impl FromQuery for ReplayQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let (before, limit) = (params.cursor(), params.limit());
        Some(Self { before: before?, limit: limit? })
    }
}

/// List replays
///
/// Newest first.
#[utoipa::path(get, path = "/admin/replays", tag = "admin",
    params(("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of replays", body = Page<ReplayBody>)), security(("access_token" = [])))]
pub async fn list_replays(
    State(state): State<AppState>,
    _allowed: Allowed<SeeFailedJobs>,
    Query(ReplayQuery { before, limit }): Query<ReplayQuery>,
) -> Result<Json<Page<ReplayBody>>, Problem> {
    let replays = list(state.lists.current(), before, limit.rows_max()).await?;
    Ok(Json(limit.cut(replays, |replay| replay.id).into()))
}
