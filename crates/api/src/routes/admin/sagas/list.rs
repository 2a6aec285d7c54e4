//! `GET /admin/sagas`.

use super::saga::SagaBody;
use crate::auth::Allowed;
use crate::docs::sets::SagaFilterSet;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeSagas;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::page::PageSize;
use orders::{SagaCursor, SagaFilter};

#[derive(Debug)]
pub struct SagaQuery {
    filter: SagaFilter,
    after: Option<SagaCursor>,
    limit: PageSize,
}

impl FromQuery for SagaQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let filter = params.one_of::<SagaFilter>("state");
        let after = params.cursor();
        let limit = params.limit();
        Some(Self { filter: filter?.unwrap_or_default(), after: after?, limit: limit? })
    }
}

/// List sagas
///
/// The state of order processing, longest waiting first.
#[utoipa::path(get, path = "/admin/sagas", tag = "admin",
    params(("state" = inline(Option<SagaFilterSet>), Query, example = "stuck",
            description = "Filter by state; default `stuck`"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of sagas", body = Page<SagaBody>)), security(("access_token" = [])))]
pub async fn list_sagas(
    State(state): State<AppState>,
    _allowed: Allowed<SeeSagas>,
    Query(SagaQuery { filter, after, limit }): Query<SagaQuery>,
) -> Result<Json<Page<SagaBody>>, Problem> {
    let page = orders::list_sagas(state.lists.current(), filter, after, platform::clock::now(), limit).await?;
    Ok(Json(page.into()))
}
