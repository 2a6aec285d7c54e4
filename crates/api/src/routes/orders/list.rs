//! `GET /orders`.

use super::order::OrderSummaryBody;
use crate::auth::Allowed;
use crate::docs::sets::OrderStatusSet;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeOrders;
use crate::problem::Problem;
use crate::routes::viewer::viewer;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use orders::OrderFilter;

impl FromQuery for OrderFilter {
    fn read(params: &mut Params) -> Option<Self> {
        let status = params.one_of("status");
        let created_from = params.time("created_from");
        let created_to = params.time("created_to");
        let sku = params.optional("sku");
        let after = params.cursor();
        let limit = params.limit();
        Some(Self {
            status: status?,
            created_from: created_from?,
            created_to: created_to?,
            sku: sku?,
            after: after?,
            limit: limit?,
        })
    }
}

/// List orders
///
/// Newest first. Customers see the orders that they placed; vendors also orders with their products; admins all orders.
#[utoipa::path(get, path = "/orders", tag = "orders",
    params(("status" = inline(Option<OrderStatusSet>), Query, description = "Filter by status"),
        ("created_from" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Created at or after this time; RFC 3339, 2000 to 2100"),
        ("created_to" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Created before this time; RFC 3339, 2000 to 2100"),
        ("sku" = Option<String>, Query, description = "Orders with a line of this SKU"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of orders", body = Page<OrderSummaryBody>)),
    security(("access_token" = [])))]
pub async fn list_orders(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeOrders>,
    Query(filter): Query<OrderFilter>,
) -> Result<Json<Page<OrderSummaryBody>>, Problem> {
    let page = orders::list_orders(state.lists.current(), viewer(caller), filter).await?;
    Ok(Json(page.into()))
}
