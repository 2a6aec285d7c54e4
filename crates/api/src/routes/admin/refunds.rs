//! `GET /admin/refunds`.

use crate::auth::Allowed;
use crate::docs::sets::RefundStatusSet;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::ListRefunds;
use crate::problem::Problem;
use crate::routes::orders::refunds::body::RefundBody;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::page::PageSize;
use domain::refund::RefundStatus;
use payments::RefundCursor;

#[derive(Debug)]
pub struct RefundsQuery {
    status: RefundStatus,
    after: Option<RefundCursor>,
    limit: PageSize,
}

impl FromQuery for RefundsQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let status = params.one_of("status");
        let after = params.cursor();
        let limit = params.limit();
        let status = status?.unwrap_or(RefundStatus::ManualReview);
        Some(Self { status, after: after?, limit: limit? })
    }
}

/// List refunds
///
/// Of all orders, with one status, the longest unchanged first. Those in `manual_review` wait for
/// `POST /orders/{id}/refunds/{refund_id}/resolve`: nobody can look their outcome up any more.
#[utoipa::path(get, path = "/admin/refunds", tag = "admin",
    params(("status" = inline(Option<RefundStatusSet>), Query, description = "The status; default `manual_review`"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of refunds", body = Page<RefundBody>)), security(("access_token" = [])))]
pub async fn list_all_refunds(
    State(state): State<AppState>,
    _allowed: Allowed<ListRefunds>,
    Query(RefundsQuery { status, after, limit }): Query<RefundsQuery>,
) -> Result<Json<Page<RefundBody>>, Problem> {
    let page = payments::list_refunds(state.lists.current(), status, after, limit).await?;
    let next_cursor = page.next.map(|cursor| cursor.to_string());
    let items = page.items.into_iter().map(|refund| RefundBody::of(refund, true)).collect();
    Ok(Json(Page { items, next_cursor }))
}
