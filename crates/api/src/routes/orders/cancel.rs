use crate::auth::{Allowed, Caller};
use crate::body::{FromJson, Json, Members};
use crate::params::PathParam;
use crate::policy::CancelOrders;
use crate::problem::{Kind, Problem};
use crate::request_id::{RequestId, RequestTrace};
use crate::routes::reason;
use crate::state::AppState;
use accounts::Role;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::OrderId;
use domain::order::OrderStatus;
use orders::CancelOrder;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Why; the body may be left out.
#[derive(Debug, Default, ToSchema)]
pub struct CancelBody {
    #[schema(max_length = 200, example = "changed my mind")]
    reason: Option<String>,
}

impl FromJson for CancelBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let reason = members.optional("reason", |field| field.text_as(|text| reason::parse(&text)))?;
        Some(Self { reason })
    }

    fn when_empty() -> Option<Self> {
        Some(Self::default())
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CancelledBody {
    #[schema(example = "accepted")]
    status: &'static str,
    order_id: Uuid,
    /// `cancelling`, or already `cancelled`.
    #[schema(example = "cancelling")]
    order_status: &'static str,
    #[schema(example = "Order is being cancelled")]
    message: &'static str,
}

/// Cancel an order
///
/// Everything done for it is undone step by step; follow the order to see it end. Safe to repeat.
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "orders", request_body = Option<CancelBody>,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 202, description = "The order is being cancelled, or already is", body = CancelledBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn cancel_order(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<CancelOrders>,
    PathParam(order_id): PathParam<OrderId>,
    request_id: RequestId,
    RequestTrace(trace): RequestTrace,
    Json(body): Json<CancelBody>,
) -> Result<(StatusCode, axum::Json<CancelledBody>), Problem> {
    let reason = body.reason.unwrap_or_else(|| format!("{}_request", caller.role));
    let request = CancelOrder { order_id, customer: customer(caller), actor: caller.actor(), reason, trace };
    let (shared, now) = (state.clone(), platform::clock::now());
    let auditor = caller.auditor(&request_id, now);
    let cancelling =
        async move { orders::cancel_order(&shared.pool, &shared.relay, request, shared.pace, now, &auditor).await };
    let outcome = state.finish(cancelling).await?;
    let message = message(outcome.already, outcome.status);
    let (order_id, order_status) = (order_id.as_uuid(), outcome.status.into());
    Ok((StatusCode::ACCEPTED, axum::Json(CancelledBody { status: "accepted", order_id, order_status, message })))
}

const fn message(already: bool, status: OrderStatus) -> &'static str {
    match (already, status) {
        (true, OrderStatus::Cancelled) => "Order is already cancelled",
        (true, _) => "Order is already being cancelled",
        (false, _) => "Order is being cancelled",
    }
}

/// Whose order it must be.
fn customer(caller: Caller) -> Option<domain::ids::UserId> {
    (caller.role != Role::Admin).then_some(caller.id)
}
