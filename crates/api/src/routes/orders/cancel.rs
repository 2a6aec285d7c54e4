use crate::auth::{Allowed, Caller};
use crate::body::{FromJson, Json, Members};
use crate::params::PathParam;
use crate::policy::CancelOrders;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::state::AppState;
use accounts::Role;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::OrderId;
use orders::CancelOrder;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

const REASON_LENGTH_MAX: usize = 200;

/// Why; the body may be left out.
#[derive(Debug, Default, ToSchema)]
pub struct CancelBody {
    #[schema(max_length = 200, example = "changed my mind")]
    reason: Option<String>,
}

impl FromJson for CancelBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let reason = members.optional("reason", |field| field.text_as(reason))?;
        Some(Self { reason })
    }

    fn when_empty() -> Option<Self> {
        Some(Self::default())
    }
}

fn reason(text: String) -> Result<String, String> {
    let good = (1..=REASON_LENGTH_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if good { Ok(text) } else { Err(format!("a reason is 1 to {REASON_LENGTH_MAX} characters on one line")) }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CancelledBody {
    #[schema(example = "accepted")]
    status: &'static str,
    order_id: Uuid,
    /// Where the order stands now: `cancelling`, or already `cancelled`.
    #[schema(example = "cancelling")]
    order_status: &'static str,
    #[schema(example = "Order is being cancelled")]
    message: &'static str,
}

/// Cancel an order
///
/// What was done for it is undone step by step: follow the order. Saying it twice is fine.
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "orders", request_body = Option<CancelBody>,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 202, description = "It is being cancelled, or was before", body = CancelledBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn cancel_order(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<CancelOrders>,
    PathParam(order_id): PathParam<OrderId>,
    RequestTrace(trace): RequestTrace,
    Json(body): Json<CancelBody>,
) -> Result<(StatusCode, axum::Json<CancelledBody>), Problem> {
    let reason = body.reason.unwrap_or_else(|| format!("{}_request", caller.role));
    let request = CancelOrder { order_id, customer: customer(caller), actor: caller.actor(), reason, trace };
    let (shared, now) = (state.clone(), platform::clock::now());
    let cancelling = async move { orders::cancel_order(&shared.pool, &shared.waker, request, shared.pace, now).await };
    let outcome = state.finish(cancelling).await?;
    let message = if outcome.already { "Order was cancelled before" } else { "Order is being cancelled" };
    let (order_id, order_status) = (order_id.as_uuid(), outcome.status.into());
    Ok((StatusCode::ACCEPTED, axum::Json(CancelledBody { status: "accepted", order_id, order_status, message })))
}

/// Whose order it must be.
fn customer(caller: Caller) -> Option<domain::ids::UserId> {
    (caller.role != Role::Admin).then_some(caller.id)
}
