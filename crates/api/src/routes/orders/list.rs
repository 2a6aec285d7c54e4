use super::order::OrderSummaryBody;
use super::viewer;
use crate::auth::Allowed;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeOrders;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::order::OrderStatus;
use orders::{OrderFilter, PageSize};

impl FromQuery for OrderFilter {
    fn read(params: &mut Params) -> Option<Self> {
        let known = |text: &str| text.parse::<OrderStatus>().map_err(|_unknown| "there is no such status");
        let status = params.optional_as("status", known);
        let created_from = params.time("created_from");
        let created_to = params.time("created_to");
        let sku = params.optional("sku");
        let after = params.optional("cursor");
        let limit = params.limit().map(|limit| PageSize::try_from(i64::from(limit)).unwrap_or_default());
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
/// The newest first. Customers see their own, vendors those with a line of theirs, admins all.
#[utoipa::path(get, path = "/orders", tag = "orders",
    params(("status" = Option<String>, Query, description = "Orders that stand so, such as `confirmed`"),
        ("created_from" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Placed then or later; RFC 3339, 2000 to 2100"),
        ("created_to" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Placed before then; RFC 3339, 2000 to 2100"),
        ("sku" = Option<String>, Query, description = "Orders with a line of it"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 unless told otherwise")),
    responses((status = 200, description = "A page of orders", body = Page<OrderSummaryBody>)),
    security(("access_token" = [])))]
pub async fn list_orders(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeOrders>,
    Query(filter): Query<OrderFilter>,
) -> Result<Json<Page<OrderSummaryBody>>, Problem> {
    let page = orders::list_orders(&state.pool, viewer(caller), filter).await?;
    let items = page.orders.into_iter().map(OrderSummaryBody::from).collect();
    Ok(Json(Page { items, next_cursor: page.next.map(|cursor| cursor.to_string()) }))
}
