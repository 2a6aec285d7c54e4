//! `GET /orders`.

use super::order::OrderSummaryBody;
use crate::auth::{Allowed, Caller};
use crate::docs::sets::{OrderPaymentStatusSet, OrderStatusSet};
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeOrders;
use crate::problem::text::quote;
use crate::problem::{FieldError, Problem};
use crate::routes::viewer::viewer;
use crate::state::AppState;
use accounts::Role;
use axum::Json;
use axum::extract::State;
use domain::order::{BadDetails, MetadataKey, MetadataValue};
use orders::OrderFilter;

impl FromQuery for OrderFilter {
    fn read(params: &mut Params) -> Option<Self> {
        let status = params.any_of("status");
        let payment_status = params.any_of("payment_status");
        let attention = params.optional_as("attention", boolean);
        let customer = params.optional("customer");
        let external_ref = params.optional("external_ref");
        let order_number = params.optional("order_number");
        let metadata = params.optional_as("metadata", entry);
        let created_from = params.time("created_from");
        let created_to = params.time("created_to");
        let changed_from = params.time("changed_from");
        let changed_to = params.time("changed_to");
        let sku = params.optional("sku");
        let after = params.cursor();
        let limit = params.limit();
        Some(Self {
            status: status?,
            payment_status: payment_status?,
            attention: attention?,
            customer: customer?,
            external_ref: external_ref?,
            order_number: order_number?,
            metadata: metadata?,
            created_from: created_from?,
            created_to: created_to?,
            changed_from: changed_from?,
            changed_to: changed_to?,
            sku: sku?,
            after: after?,
            limit: limit?,
        })
    }
}

fn boolean(text: &str) -> Result<bool, &'static str> {
    text.parse().map_err(|_neither| "must be `true` or `false`")
}

/// `key=value`; the value may contain `=`.
fn entry(text: &str) -> Result<(MetadataKey, MetadataValue), String> {
    let (key, value) = text.split_once('=').ok_or("must be a key and a value: `metadata=channel=web`")?;
    let key = key.parse().map_err(|error: BadDetails| error.to_string())?;
    Ok((key, value.parse().map_err(|error: BadDetails| error.to_string())?))
}

/// Refuses filters by what the caller does not see.
fn ensure_may_filter(caller: Caller, filter: &OrderFilter) -> Result<(), Problem> {
    let is_staff = matches!(caller.role, Role::Support | Role::Admin);
    let is_vendor = caller.role == Role::Vendor;
    let refused = [
        ("attention", filter.attention.is_some() && !is_staff),
        ("customer", filter.customer.is_some() && !is_staff),
        ("external_ref", filter.external_ref.is_some() && is_vendor),
        ("metadata", filter.metadata.is_some() && is_vendor),
    ];
    let error = |name: &str| {
        let detail = format!("{} must not be used by role {}", quote(name), quote(&caller.role.to_string()));
        FieldError::in_parameter(name, detail)
    };
    let errors: Vec<_> = refused.iter().filter(|(_, is_refused)| *is_refused).map(|(name, _)| error(name)).collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::validation(errors)) }
}

/// List orders
///
/// Newest first. Customers see the orders that they placed; vendors also orders with their products; admins all orders.
#[utoipa::path(get, path = "/orders", tag = "orders",
    params(("status" = inline(Option<Vec<OrderStatusSet>>), Query, style = Form, explode = false, description = "One or several, separated by commas"),
         ("payment_status" = inline(Option<Vec<OrderPaymentStatusSet>>), Query, style = Form, explode = false, description = "One or several, separated by commas"),
         ("attention" = Option<bool>, Query, description = "Whether an operator should check the order; for support and admins"),
         ("customer" = Option<uuid::Uuid>, Query, description = "The user who placed the order; for support and admins"),
         ("external_ref" = Option<String>, Query, description = "The customer's own reference; not for vendors"),
         ("order_number" = Option<String>, Query, description = "The order's number, in either case, with or without dashes"),
         ("metadata" = Option<String>, Query, description = "A key and its value: `channel=web`; not for vendors"),
        ("created_from" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Created at or after this time; RFC 3339, 2000 to 2100"),
        ("created_to" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Created before this time; RFC 3339, 2000 to 2100"),
        ("changed_from" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Last changed at or after this time; RFC 3339, 2000 to 2100"),
        ("changed_to" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Last changed before this time; RFC 3339, 2000 to 2100"),
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
    ensure_may_filter(caller, &filter)?;
    let page = orders::list_orders(state.lists.current(), viewer(caller), filter).await?;
    Ok(Json(page.into()))
}
