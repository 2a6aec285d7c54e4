//! `GET /returns`.

use super::body::ReturnBody;
use crate::auth::Allowed;
use crate::docs::sets::ReturnStatusSet;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeReturns;
use crate::problem::{Kind, Problem};
use crate::routes::viewer::viewer;
use crate::state::AppState;
use accounts::Role;
use axum::Json;
use axum::extract::State;
use orders::ReturnFilter;

#[derive(Debug)]
pub struct ReturnQuery(ReturnFilter);

impl FromQuery for ReturnQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let status = params.one_of("status");
        let order = params.optional("order_id");
        let attention = params
            .optional_as("attention", |text| text.parse::<bool>().map_err(|_neither| "must be `true` or `false`"));
        let after = params.cursor();
        let limit = params.limit();
        Some(Self(ReturnFilter { status: status?, order: order?, attention: attention?, after: after?, limit: limit? }))
    }
}

/// List returns
///
/// The newest first. Customers see their own, vendors those of their products, support and admins all.
#[utoipa::path(get, path = "/returns", tag = "returns",
    params(("status" = inline(Option<ReturnStatusSet>), Query, description = "Filter by status"),
        ("order_id" = Option<uuid::Uuid>, Query, description = "Returns of this order"),
        ("attention" = Option<bool>, Query, description = "Whether they need a person; for support and admins"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of returns", body = Page<ReturnBody>)),
    security(("access_token" = [])))]
pub async fn list_returns(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeReturns>,
    Query(ReturnQuery(filter)): Query<ReturnQuery>,
) -> Result<Json<Page<ReturnBody>>, Problem> {
    if filter.attention.is_some() && !matches!(caller.role, Role::Support | Role::Admin) {
        return Err(Problem::about_parameter(Kind::Forbidden, "attention", "`attention` is for support and admins"));
    }
    let page = orders::list_returns(state.lists.current(), viewer(caller), &filter).await?;
    Ok(Json(page.into()))
}
