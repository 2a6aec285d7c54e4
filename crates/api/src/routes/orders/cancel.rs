//! `POST /orders/{id}/cancel`.

use crate::body::{FromJson, Members, parsed};
use crate::change::{Audited, Detached};
use crate::docs::sets::{CancelReasonSet, OrderStatusSet};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::{PathParam, Query};
use crate::policy::CancelOrders;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::routes::money::MoneyBody;
use crate::routes::orders::line_units::{LineUnitsBody, read_units};
use crate::routes::orders::preview::Preview;
use crate::state::AppState;
use accounts::Role;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::ids::{OrderId, ShipmentId};
use domain::money::Money;
use domain::order::order_request::{LINES_MAX, Note};
use domain::order::{CancelReason, OrderStatus};
use domain::product::Line;
use domain::refund::LineUnits;
use domain::saga::CancellationPreview;
use orders::{CancelOrder, CancelOutcome};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What to cancel, and why; the body is optional.
#[derive(Debug, Default, ToSchema)]
pub struct CancelBody {
    /// `customer_request`, `admin_request`, `mistake`, `delay`, `out_of_stock`, `fraud` or `other`; default
    /// `customer_request`, or `admin_request` for an order of another user. Visible to everybody who may see the order.
    #[schema(value_type = Option<CancelReasonSet>, inline)]
    reason: Option<CancelReason>,
    /// Free text, visible to administrators and to you: 1 to 1,000 characters.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1_000, example = "I meant the blue ones")]
    note: Option<Note>,
    /// Units of lines that are not handed over to a carrier, each line at most once. Without it, the whole order is
    /// cancelled.
    #[schema(value_type = Option<Vec<LineUnitsBody>>, min_items = 1, max_items = 100)]
    lines: Option<Vec<LineUnits>>,
}

impl FromJson for CancelBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let reason = members.optional("reason", |field| field.text_as(|text| reason(&text)));
        let note = members.optional("note", parsed);
        let lines = members.optional("lines", |lines| lines.list(LINES_MAX, read_units));
        match lines? {
            Some(lines) if lines.is_empty() => {
                members.refuse_member("lines", "must have at least one line; leave it out to cancel the whole order")
            }
            lines => Some(Self { reason: reason?, note: note?, lines }),
        }
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
    message: String,
}

/// What a cancellation would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelPreviewBody {
    order_id: Uuid,
    /// Whether the whole order is cancelled, or only units of its lines.
    cancels_order: bool,
    /// What of the authorized amount is not captured then.
    voided: MoneyBody,
    /// What is paid back: nothing, because units that are handed over can't be cancelled.
    refunded: MoneyBody,
    /// Units that return to the available stock.
    released: Vec<ReleasedBody>,
    /// The shipments that are cancelled.
    #[schema(example = json!(["0190a5b4-6c1e-8d2f-9a3b-4c5d6e7f8091"]))]
    cancelled_shipments: Vec<Uuid>,
    /// What remains of those shipments, and is booked again.
    reshipped: Vec<ReshippedBody>,
}

/// Units that return to the available stock of a warehouse.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleasedBody {
    warehouse_id: Uuid,
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 1)]
    quantity: u32,
}

/// What remains of a shipment.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReshippedBody {
    warehouse_id: Uuid,
    lines: Vec<ReshippedLineBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReshippedLineBody {
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 1)]
    quantity: u32,
}

/// Cancel an order, or units of its lines
///
/// For the customer who placed the order, and for admins. Stock, payment and shipments are undone step by step; follow
/// the order to see it end. A whole order can be cancelled until a shipment is handed over, and repeating that is safe.
///
/// With `lines`, only these units are cancelled, as far as they are not handed over: their stock is released, less is
/// captured, and what remains of their shipments is booked again. Cancelling the last units cancels the order. Send an
/// `Idempotency-Key`: without one, a repeated request cancels further units.
///
/// With `preview=true` nothing is changed: the response is what would be voided, released and shipped anew.
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "orders", request_body = Option<CancelBody>,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("preview" = Option<bool>, Query, description = "Whether to change nothing, and to respond with what would be done"),
        KeyParam),
    responses((status = 202, description = "The order or the units are being cancelled, or the order already is",
            body = CancelledBody),
        (status = 200, description = "With `preview=true`: what would be done", body = CancelPreviewBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn cancel_order(
    detached: Detached,
    by: Audited<CancelOrders>,
    PathParam(order_id): PathParam<OrderId>,
    Query(Preview(is_preview)): Query<Preview>,
    RequestTrace(trace): RequestTrace,
    IdempotentJson { body, idempotency }: IdempotentJson<CancelBody>,
) -> Result<Response, Problem> {
    let (CancelBody { reason, note, lines }, caller, at) = (body, by.caller, by.at);
    let (cancels_any, lines) = (caller.role == Role::Admin, lines.unwrap_or_default());
    let request =
        CancelOrder { order_id, caller: caller.id, cancels_any, actor: caller.actor(), reason, note, lines, trace };
    if is_preview {
        let (order_id, preview) = orders::preview_cancellation(&detached.state.write, request).await?;
        return Ok(Json(CancelPreviewBody::of(order_id, preview)).into_response());
    }
    let work =
        |state: AppState, recorder| async move { orders::cancel_order(&state.write, request, at, &recorder).await };
    Ok(detached.run_once(by, idempotency, respond, work).await?.into_response())
}

fn respond(outcome: &CancelOutcome) -> IdempotentResponse {
    let message = message(outcome);
    let (order_id, order_status) = (outcome.order_id.as_uuid(), outcome.status.into());
    IdempotentResponse::json(
        StatusCode::ACCEPTED,
        &CancelledBody { status: "accepted", order_id, order_status, message },
    )
}

fn message(outcome: &CancelOutcome) -> String {
    match (outcome.units, outcome.already, outcome.status) {
        (Some(1), ..) => "1 unit is being cancelled".to_owned(),
        (Some(units), ..) => format!("{units} units are being cancelled"),
        (None, true, OrderStatus::Cancelled) => "Order is already cancelled".to_owned(),
        (None, true, _) => "Order is already being cancelled".to_owned(),
        (None, false, _) => "Order is being cancelled".to_owned(),
    }
}

impl CancelPreviewBody {
    fn of(order_id: OrderId, preview: CancellationPreview) -> Self {
        let released = preview.released.into_iter().map(|(warehouse, line)| ReleasedBody {
            warehouse_id: warehouse.as_uuid(),
            sku: line.sku.to_string(),
            quantity: line.quantity.get(),
        });
        let reshipped = preview.reshipped.into_iter().map(|(warehouse, lines)| ReshippedBody {
            warehouse_id: warehouse.as_uuid(),
            lines: lines.into_iter().map(ReshippedLineBody::from).collect(),
        });
        Self {
            order_id: order_id.as_uuid(),
            cancels_order: preview.cancels_order,
            refunded: Money::zero(preview.voided.currency).into(),
            voided: preview.voided.into(),
            released: released.collect(),
            cancelled_shipments: preview.cancelled_shipments.iter().map(ShipmentId::as_uuid).collect(),
            reshipped: reshipped.collect(),
        }
    }
}

impl From<Line> for ReshippedLineBody {
    fn from(line: Line) -> Self {
        Self { sku: line.sku.to_string(), quantity: line.quantity.get() }
    }
}
