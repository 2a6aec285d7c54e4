//! `POST /orders/{id}/cancel`.

use crate::body::{FromJson, Members, parsed};
use crate::change::{Audited, Detached};
use crate::docs::sets::{CancelReasonSet, OrderStatusSet};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParam;
use crate::policy::CancelOrders;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::state::AppState;
use accounts::Role;
use axum::http::StatusCode;
use domain::ids::OrderId;
use domain::order::order_request::Note;
use domain::order::{CancelReason, OrderStatus};
use orders::{CancelOrder, CancelOutcome};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The reason for the cancellation; the body is optional.
#[derive(Debug, Default, ToSchema)]
pub struct CancelBody {
    /// `customer_request`, `admin_request`, `mistake`, `delay`, `out_of_stock`, `fraud` or `other`; default
    /// `customer_request`, or `admin_request` for an order of another user. Visible to everybody who may see the order.
    #[schema(value_type = Option<CancelReasonSet>, inline)]
    reason: Option<CancelReason>,
    /// Free text, visible to administrators and to you: 1 to 1,000 characters.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1_000, example = "I meant the blue ones")]
    note: Option<Note>,
}

impl FromJson for CancelBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let reason = members.optional("reason", |field| field.text_as(|text| reason(&text)));
        let note = members.optional("note", parsed);
        Some(Self { reason: reason?, note: note? })
    }

    fn when_empty() -> Option<Self> {
        Some(Self::default())
    }
}

fn reason(text: &str) -> Result<CancelReason, String> {
    let allowed = || CancelReason::NAMES.join(", ");
    text.parse().map_err(|_unknown| format!("must be one of {}; use `note` for free text", allowed()))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CancelledBody {
    #[schema(example = "accepted")]
    status: &'static str,
    order_id: Uuid,
    #[schema(value_type = OrderStatusSet, inline)]
    order_status: &'static str,
    #[schema(example = "Order is being cancelled")]
    message: &'static str,
}

/// Cancel an order
///
/// For the customer who placed the order, and for admins. Stock, payment and shipments are undone step by step; follow
/// the order to see it end. Safe to repeat.
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "orders", request_body = Option<CancelBody>,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"), KeyParam),
    responses((status = 202, description = "The order is being cancelled, or already is", body = CancelledBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn cancel_order(
    detached: Detached,
    by: Audited<CancelOrders>,
    PathParam(order_id): PathParam<OrderId>,
    RequestTrace(trace): RequestTrace,
    IdempotentJson { body, idempotency }: IdempotentJson<CancelBody>,
) -> Result<IdempotentResponse, Problem> {
    let (CancelBody { reason, note }, caller, at) = (body, by.caller, by.at);
    let cancels_any = caller.role == Role::Admin;
    let request = CancelOrder { order_id, caller: caller.id, cancels_any, actor: caller.actor(), reason, note, trace };
    let work =
        |state: AppState, recorder| async move { orders::cancel_order(&state.write, request, at, &recorder).await };
    detached.run_once(by, idempotency, respond, work).await
}

fn respond(outcome: &CancelOutcome) -> IdempotentResponse {
    let message = message(outcome.already, outcome.status);
    let (order_id, order_status) = (outcome.order_id.as_uuid(), outcome.status.into());
    IdempotentResponse::json(
        StatusCode::ACCEPTED,
        &CancelledBody { status: "accepted", order_id, order_status, message },
    )
}

const fn message(already: bool, status: OrderStatus) -> &'static str {
    match (already, status) {
        (true, OrderStatus::Cancelled) => "Order is already cancelled",
        (true, _) => "Order is already being cancelled",
        (false, _) => "Order is being cancelled",
    }
}
