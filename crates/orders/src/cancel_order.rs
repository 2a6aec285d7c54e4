//! Cancels an order: its saga undoes the steps that were done or may have been done, the last one first.

use crate::apply_transition::{ChangeCause, apply};
use crate::changes::OrderChanges;
use crate::error::StoreError;
use crate::store::lock_sagas::{self, LockedOrder};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{OrderId, UserId};
use domain::order::order_request::Note;
use domain::order::{CancelReason, Cancellation, Order, OrderStatus};
use domain::saga::SagaError;
use messaging::{NoChanges, Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgConnection;

/// A request to cancel an order.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    pub order_id: OrderId,
    pub caller: UserId,
    /// Whether the caller may cancel orders that they did not place.
    pub cancels_any: bool,
    /// The caller in the timeline: `customer:<id>`, `admin:<id>`.
    pub actor: String,
    /// `None` means the caller's request: `customer_request` or `admin_request`.
    pub reason: Option<CancelReason>,
    /// Visible to staff and to the caller.
    pub note: Option<Note>,
    pub trace: Trace,
}

/// The order after the request: its status is `cancelling`, or what an earlier cancellation has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelOutcome {
    pub order_id: OrderId,
    pub status: OrderStatus,
    pub version: i32,
    /// Whether it was cancelled before this request.
    pub already: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is no such order, or the caller may not see it.
    #[error("no such order")]
    NotFound,
    #[error("an order that is {status} can't be cancelled; only `pending` and `confirmed` orders can")]
    Refused { status: OrderStatus },
    /// The order and its saga contradict each other.
    #[error(transparent)]
    Saga(SagaError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Starts the cancellation of an order. Repeating it changes nothing. The audit record, the response for the
/// idempotency key and the messages are stored in the same transaction.
pub async fn cancel_order(
    context: &WriteContext,
    request: CancelOrder,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<CancelOutcome>),
) -> Result<CancelOutcome, CancelError> {
    let mut work = UnitOfWork::begin(context).await?;
    let LockedOrder { order, saga, customer_id, .. } = find(&mut work, &request).await?;
    let cancellation = request.cancellation(customer_id);
    let reason = audit_reason(&cancellation);
    let transition = match saga.on_cancel(&order, cancellation) {
        Ok(Applied::Changed(transition)) => transition,
        Ok(Applied::Unchanged) => {
            let outcome =
                CancelOutcome { order_id: order.id, status: order.status, version: order.version, already: true };
            audit.store_response(&mut work, &outcome).await?;
            work.commit(NoChanges, now).await?;
            return Ok(outcome);
        }
        Err(SagaError::InvalidTransition(_)) => return Err(CancelError::Refused { status: order.status }),
        Err(error) => return Err(CancelError::Saga(error)),
    };
    let (subject, before) = (format!("order:{}", order.id), json!({ "status": order.status }));
    let cause = ChangeCause { message_id: None, actor: Some(request.actor), trace: request.trace };
    let (change, outgoing) = apply(order, transition, cause, context.time_scale, now).map_err(CancelError::Saga)?;
    let Order { id: order_id, status, version, .. } = change.order;
    let outcome = CancelOutcome { order_id, status, version, already: false };
    let (before, after) = (Some(before), Some(json!({ "status": outcome.status })));
    audit
        .record(&mut work, AuditRecord { action: "order.cancel", subject, reason: Some(reason), before, after })
        .await?;
    audit.store_response(&mut work, &outcome).await?;
    work.send(outgoing);
    work.commit(OrderChanges(vec![change]), now).await?;
    Ok(outcome)
}

async fn find(tx: &mut PgConnection, request: &CancelOrder) -> Result<LockedOrder, CancelError> {
    let found = lock_sagas::lock(tx, &[request.order_id.as_uuid()]).await?.pop();
    let (_, locked) = found.ok_or(CancelError::NotFound)?;
    let locked = locked?;
    let is_allowed = request.cancels_any || request.caller == locked.customer_id;
    if is_allowed { Ok(locked) } else { Err(CancelError::NotFound) }
}

impl CancelOrder {
    fn cancellation(&self, placed_by: UserId) -> Cancellation {
        let default = if self.caller == placed_by { CancelReason::CustomerRequest } else { CancelReason::AdminRequest };
        Cancellation { reason: self.reason.unwrap_or(default), note: self.note.clone() }
    }
}

/// The reason for the audit log, with the note: only admins read it.
fn audit_reason(cancellation: &Cancellation) -> String {
    match &cancellation.note {
        Some(note) => format!("{}: {}", cancellation.reason, note.as_str()),
        None => cancellation.reason.to_string(),
    }
}

impl From<sqlx::Error> for CancelError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
