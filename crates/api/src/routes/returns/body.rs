//! The bodies of returns.

use crate::docs::sets::{ConditionSet, RestockingSet, ReturnReasonSet, ReturnRefundStatusSet, ReturnStatusSet};
use crate::idempotency::IdempotentResponse;
use crate::routes::money::MoneyBody;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::ids::OrderId;
use domain::returns::{CountedUnits, ReturnLine, ReturnStatus};
use orders::{ReturnEventView, ReturnView};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnBody {
    id: Uuid,
    order_id: Uuid,
    customer_id: Uuid,
    /// Who sells its lines, and decides on it.
    vendor_id: Uuid,
    #[schema(value_type = ReturnStatusSet, inline)]
    status: &'static str,
    #[schema(value_type = ReturnReasonSet, inline)]
    reason: &'static str,
    /// By the customer. Not in responses to changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// What was written about the last decision. Not in responses to changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision_note: Option<String>,
    lines: Vec<ReturnLineBody>,
    /// Where it was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    warehouse_id: Option<Uuid>,
    /// Whether the resellable units are in stock again; absent until it is received.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RestockingSet>, inline)]
    restocking: Option<&'static str>,
    /// Absent until it is received.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<ReturnRefundBody>,
    /// The orders that replace its units: those that were placed with `exchange_of`.
    #[schema(example = json!(["019ab1c2-7f3e-7c41-9d1a-5e3f7a2b9c04"]))]
    exchange_order_ids: Vec<Uuid>,
    /// Why it needs a person; for support and admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    attention: Option<String>,
    /// When an approved return expires that has not been received.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    /// Rises by one with each entry of its timeline.
    #[schema(example = 1)]
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnLineBody {
    #[schema(example = 1)]
    line_no: i16,
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 1)]
    quantity: u32,
    /// What arrived; empty until it is received.
    counts: Vec<CountBody>,
}

/// Units in one condition.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountBody {
    #[schema(value_type = ConditionSet, inline)]
    condition: &'static str,
    #[schema(example = 1)]
    quantity: u32,
    /// Whether these units are refunded.
    refund: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnRefundBody {
    #[schema(value_type = ReturnRefundStatusSet, inline)]
    status: &'static str,
    /// Its id among the refunds of the order; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<Uuid>,
    /// What was paid back.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<MoneyBody>,
}

/// A return with its timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnDetailBody {
    #[serde(flatten)]
    returned: ReturnBody,
    timeline: Vec<ReturnEventBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnEventBody {
    /// The return's version after it.
    #[schema(example = 1)]
    version: i32,
    #[schema(example = "approved")]
    kind: String,
    /// Some details are for support and admins only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    detail: Option<serde_json::Value>,
    /// The role of the person who caused it; with the id for support and admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "customer")]
    actor: Option<String>,
    at: DateTime<Utc>,
}

impl From<ReturnView> for ReturnBody {
    fn from(view: ReturnView) -> Self {
        let line = |line: ReturnLine| ReturnLineBody {
            line_no: line.line_no,
            sku: line.sku.into(),
            quantity: line.quantity.get(),
            counts: view.counts.iter().filter(|count| count.line_no == line.line_no).map(CountBody::from).collect(),
        };
        let (refund_id, amount) = (view.refund_id.map(|id| id.as_uuid()), view.refunded.map(Into::into));
        Self {
            id: view.id.as_uuid(),
            order_id: view.order_id.as_uuid(),
            customer_id: view.customer_id.as_uuid(),
            vendor_id: view.vendor_id.as_uuid(),
            status: view.status.into(),
            reason: view.reason.into(),
            note: view.note,
            decision_note: view.decision_note,
            warehouse_id: view.warehouse_id.map(|id| id.as_uuid()),
            restocking: view.restocking.map(Into::into),
            refund: view.refund.map(|status| ReturnRefundBody { status: status.into(), refund_id, amount }),
            exchange_order_ids: view.exchange_orders.iter().map(OrderId::as_uuid).collect(),
            attention: view.attention,
            expires_at: view.deadline_at.filter(|_| view.status == ReturnStatus::Approved),
            version: view.version,
            created_at: view.created_at,
            updated_at: view.updated_at,
            lines: view.lines.into_iter().map(line).collect(),
        }
    }
}

impl From<&CountedUnits> for CountBody {
    fn from(count: &CountedUnits) -> Self {
        Self { condition: count.condition.into(), quantity: count.quantity.get(), refund: count.is_refunded }
    }
}

impl From<ReturnView> for ReturnDetailBody {
    fn from(mut view: ReturnView) -> Self {
        let timeline = std::mem::take(&mut view.timeline);
        let event = |event: ReturnEventView| ReturnEventBody {
            version: event.version,
            kind: event.kind,
            detail: event.detail,
            actor: event.actor,
            at: event.at,
        };
        Self { timeline: timeline.into_iter().map(event).collect(), returned: view.into() }
    }
}

/// The response to a change of a return.
pub fn respond_changed(view: &ReturnView) -> IdempotentResponse {
    IdempotentResponse::json(StatusCode::OK, &ReturnBody::without_notes(view))
}

impl ReturnBody {
    /// For a response that is stored under an idempotency key: a note in it would outlive the erasure of its customer.
    pub fn without_notes(view: &ReturnView) -> Self {
        Self { note: None, decision_note: None, ..view.clone().into() }
    }
}
