//! `POST /orders`.

use super::request::{PlaceOrderBody, unknown_method};
use crate::auth::{Allowed, Caller};
use crate::body::Json;
use crate::docs::sets::OrderStatusSet;
use crate::idempotency::{IdempotencyKey, REPLAYED};
use crate::policy::{AdjustTotals, ChooseAllocation, Permission as _, PlaceOrders};
use crate::problem::text::invalid_value;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::state::AppState;
use accounts::Role;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use catalogue::Product;
use domain::ids::ReturnId;
use domain::order::order_request::OrderRequest;
use domain::order::pricing::PricedLines;
use orders::{Accepted, Fingerprint, NewOrder, Viewer};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// The route that idempotency keys are stored under.
const ROUTE: &str = "POST /orders";

#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedBody {
    #[schema(example = "accepted")]
    status: &'static str,
    order_id: Uuid,
    /// For people, such as on the phone.
    #[schema(example = "DH20-6PWM")]
    order_number: String,
    #[schema(value_type = OrderStatusSet, inline)]
    order_status: &'static str,
    #[schema(example = "Order accepted for async processing")]
    message: &'static str,
}

/// Place an order
///
/// The order is stored at once and processed afterwards: follow it at `Location`. A repeat with the same key gets the
/// first response again, with `Idempotent-Replayed: true`.
#[utoipa::path(post, path = "/orders", tag = "orders", request_body = PlaceOrderBody,
    params(("Idempotency-Key" = String, Header, description = "A unique value for this request, such as a UUID")),
    responses((status = 202, description = "Accepted: it will be confirmed or rejected", body = AcceptedBody,
        headers(("Location" = String, description = "Where to follow the order")))),
    extensions(("x-problems" = json!([Kind::AlreadyExists, Kind::DuplicateSku, Kind::UnknownSku, Kind::CurrencyMismatch]))),
    security(("access_token" = [])))]
pub async fn place_order(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<PlaceOrders>,
    IdempotencyKey(key): IdempotencyKey,
    RequestTrace(trace): RequestTrace,
    Json(body): Json<PlaceOrderBody>,
) -> Result<Response, Problem> {
    if body.adjusts_totals() {
        ensure_may_adjust_totals(caller)?;
    }
    if body.chooses_allocation() {
        caller.require_scope::<ChooseAllocation>()?;
        caller.require_role::<ChooseAllocation>(ChooseAllocation::ROLES)?;
    }
    let request = body.into_request(state.payment_methods)?;
    let fingerprint = Fingerprint::of(&request);
    let priced = match check_exchange(&state, caller, request.details.exchange_of).await? {
        Some(problem) => Err(problem),
        None => price(&state, &request).await?,
    };
    let PricedLines { lines, shipping_minor, total } = match priced {
        Ok(priced) => priced,
        // A repeat gets its first response, even if the same order could not be placed any more.
        Err(problem) => {
            let earlier = state.intake.find_replay(caller.idempotency_principal(), ROUTE, &key, fingerprint).await?;
            return earlier.map(respond).ok_or(problem);
        }
    };
    let OrderRequest { payment_method, note, details, allocation_policy, .. } = request;
    let new = NewOrder {
        customer_id: caller.id,
        principal: caller.idempotency_principal(),
        route: ROUTE,
        key,
        fingerprint,
        lines,
        shipping_minor,
        total,
        payment_method,
        note,
        details,
        allocation_policy,
        trace,
    };
    Ok(respond(state.intake.place(new).await?))
}

/// A person must be an admin. An API key needs the scope, which only admins grant, whatever its owner's role is.
fn ensure_may_adjust_totals(caller: Caller) -> Result<(), Problem> {
    caller.require_scope::<AdjustTotals>()?;
    let roles = if caller.principal.key.is_some() { AdjustTotals::ROLES } else { &[Role::Admin] };
    caller.require_role::<AdjustTotals>(roles)
}

/// The problem of an order that replaces a return which the caller does not have, or which will not be received.
async fn check_exchange(state: &AppState, caller: Caller, id: Option<ReturnId>) -> Result<Option<Problem>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let found = orders::find_return(&state.pool, id, Viewer::Customer(caller.id)).await?;
    let rule = match found.map(|found| found.status) {
        None => "must be the `id` of a return of yours; see GET /api/v1/returns",
        Some(status) if !status.counts() => "must be a return that is not declined, cancelled or expired",
        Some(_) => return Ok(None),
    };
    let detail = invalid_value("exchange_of", rule, &id.to_string());
    Ok(Some(Problem::about(Kind::Validation, "/exchange_of", detail)))
}

/// Prices the order. The inner error means that the order can't be placed, the outer one that pricing failed.
async fn price(state: &AppState, request: &OrderRequest) -> Result<Result<PricedLines, Problem>, Problem> {
    if let Some(problem) = unknown_method(&request.payment_method, state.payment_methods) {
        return Ok(Err(problem));
    }
    if state.options.requires_ship_to && request.details.recipient.ship_to.is_none() {
        return Ok(Err(Problem::about(Kind::Validation, "/ship_to", "`ship_to` is required")));
    }
    let products = state.catalogue.products(&request.lines.skus()).await?;
    let offers = products.into_iter().map(|product: Option<Arc<Product>>| product.and_then(|product| product.offer()));
    let priced = request.lines.price(offers.collect(), request.currency);
    let priced = priced.and_then(|priced| priced.adjusted(&request.adjustments));
    Ok(priced.map_err(|error| Problem::invalid_order(&error, request.lines.as_slice())))
}

fn respond(accepted: Accepted) -> Response {
    let (order_id, order_number) = (accepted.order_id.as_uuid(), accepted.order_number.to_string());
    let message = "Order accepted for async processing";
    let body = AcceptedBody { status: "accepted", order_id, order_number, order_status: "pending", message };
    let location = [(LOCATION, format!("/api/v1/orders/{order_id}"))];
    let mut response = (StatusCode::ACCEPTED, location, axum::Json(body)).into_response();
    if accepted.replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
