use super::saga::SagaBody;
use crate::auth::Allowed;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::OperateSagas;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use orders::{SagaCursor, SagaStanding};

#[derive(Debug)]
pub struct SagaQuery {
    standing: SagaStanding,
    after: Option<SagaCursor>,
    limit: u32,
}

impl FromQuery for SagaQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let standing = params.optional_as("standing", |text| text.parse().map_err(|_| "stuck, overdue or active"));
        let after = params.optional("cursor");
        let limit = params.limit();
        Some(Self { standing: standing?.unwrap_or_default(), after: after?, limit: limit? })
    }
}

/// List sagas
///
/// How orders are being carried, those that wait for longest first.
#[utoipa::path(get, path = "/admin/sagas", tag = "admin",
    params(("standing" = Option<String>, Query, example = "stuck",
            description = "`stuck` (unless told otherwise), `overdue` (not asked again yet) or `active` (all that have something left to do)"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 unless told otherwise")),
    responses((status = 200, description = "A page of sagas", body = Page<SagaBody>)), security(("access_token" = [])))]
pub async fn list_sagas(
    State(state): State<AppState>,
    _allowed: Allowed<OperateSagas>,
    Query(SagaQuery { standing, after, limit }): Query<SagaQuery>,
) -> Result<Json<Page<SagaBody>>, Problem> {
    let sagas = orders::list_sagas(&state.pool, standing, after, platform::clock::now(), limit + 1).await?;
    Ok(Json(Page::cut(sagas, limit, |saga| saga.cursor().map_or_else(String::new, |cursor| cursor.to_string()))))
}
