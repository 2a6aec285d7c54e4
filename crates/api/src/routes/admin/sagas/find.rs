//! `GET /admin/sagas/{id}`.

use super::saga::SagaBody;
use crate::auth::Allowed;
use crate::params::PathParam;
use crate::policy::SeeSagas;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::ids::OrderId;

/// Show an order's saga
///
/// Its phase, its open step and its deadline. `GET /orders/{id}/events` shows what has happened so far.
#[utoipa::path(get, path = "/admin/sagas/{id}", tag = "admin",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The saga", body = SagaBody)), security(("access_token" = [])))]
pub async fn find_saga(
    State(state): State<AppState>,
    _allowed: Allowed<SeeSagas>,
    PathParam(id): PathParam<OrderId>,
) -> Result<Json<SagaBody>, Problem> {
    let saga = orders::find_saga(&state.pool, id).await?;
    Ok(Json(saga.ok_or_else(|| Problem::not_found("order"))?.into()))
}
