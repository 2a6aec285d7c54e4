//! Cancels an order, or units of its lines.
//!
//! For a whole order the saga undoes the steps that were done or may have been done, the last one first. For units it
//! amends the shipments that contain them.

use crate::apply_transition::{ChangeCause, apply};
use crate::changes::OrderChanges;
use crate::error::StoreError;
use crate::store::lock_sagas::{self, LockedOrder};
use crate::store::ordered_lines;
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{OrderId, UserId};
use domain::order::order_request::Note;
use domain::order::{CancelReason, Cancellation, Order, OrderStatus};
use domain::refund::LineUnits;
use domain::saga::{CancelRefusal, CancellationPreview, LineCancelRefusal, SagaError, Transition};
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
    /// The units to cancel; empty for the whole order.
    pub lines: Vec<LineUnits>,
    pub trace: Trace,
}

/// The order after the request: its status is `cancelling`, or what an earlier cancellation has led to; unchanged if only
/// units of lines are being cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelOutcome {
    pub order_id: OrderId,
    pub status: OrderStatus,
    pub version: i32,
    /// Whether it was cancelled before this request.
    pub already: bool,
    /// How many units are being cancelled; `None` for the whole order.
    pub units: Option<u32>,
}

#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is no such order, or the caller may not see it.
    #[error("no such order")]
    NotFound,
    #[error(transparent)]
    Refused(#[from] CancelRefusal),
    /// The order and its saga contradict each other.
    #[error(transparent)]
    Saga(SagaError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Starts the cancellation. Cancelling a whole order again changes nothing. The audit record, the response for the
/// idempotency key and the messages are stored in the same transaction.
pub async fn cancel_order(
    context: &WriteContext,
    request: CancelOrder,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<CancelOutcome>),
) -> Result<CancelOutcome, CancelError> {
    let mut work = UnitOfWork::begin(context).await?;
    let locked = find(&mut work, &request).await?;
    let cancellation = request.cancellation(locked.customer_id);
    let reason = audit_reason(&cancellation);
    let transition = start(&mut work, &request, &locked, cancellation).await?;
    let LockedOrder { order, .. } = locked;
    let Applied::Changed(transition) = transition else {
        let Order { id: order_id, status, version, .. } = order;
        let outcome = CancelOutcome { order_id, status, version, already: true, units: None };
        audit.store_response(&mut work, &outcome).await?;
        work.commit(NoChanges, now).await?;
        return Ok(outcome);
    };
    let (subject, before) = (format!("order:{}", order.id), json!({ "status": order.status }));
    let units = request.units();
    let cause = ChangeCause { message_id: None, actor: Some(request.actor), trace: request.trace };
    let (change, outgoing) = apply(order, transition, cause, context.time_scale, now).map_err(CancelError::Saga)?;
    let Order { id: order_id, status, version, .. } = change.order;
    let units = units.filter(|_| status != OrderStatus::Cancelling);
    let outcome = CancelOutcome { order_id, status, version, already: false, units };
    let status = json!(outcome.status);
    let (action, after) = match units {
        Some(units) => ("order.cancel_lines", json!({ "status": status, "units": units })),
        None => ("order.cancel", json!({ "status": status })),
    };
    let (before, after) = (Some(before), Some(after));
    audit.record(&mut work, AuditRecord { action, subject, reason: Some(reason), before, after }).await?;
    audit.store_response(&mut work, &outcome).await?;
    work.send(outgoing);
    work.commit(OrderChanges(vec![change]), now).await?;
    Ok(outcome)
}

/// What the request would do, without doing it.
pub async fn preview_cancellation(
    context: &WriteContext,
    request: CancelOrder,
) -> Result<(OrderId, CancellationPreview), CancelError> {
    let mut work = UnitOfWork::begin(context).await?;
    let LockedOrder { order, saga, .. } = find(&mut work, &request).await?;
    let lines = ordered_lines::find(&mut work, order.id).await?;
    Ok((order.id, saga.preview_cancellation(&order, &lines, &request.lines)?))
}

async fn start(
    tx: &mut PgConnection,
    request: &CancelOrder,
    locked: &LockedOrder,
    cancellation: Cancellation,
) -> Result<Applied<Transition>, CancelError> {
    let LockedOrder { order, saga, .. } = locked.clone();
    let refused = |error: SagaError| match error {
        SagaError::InvalidTransition(_) => CancelRefusal::TooLate(order.status).into(),
        SagaError::LinesBeingCancelled => CancelRefusal::from(LineCancelRefusal::InProgress).into(),
        error => CancelError::Saga(error),
    };
    if request.lines.is_empty() {
        return saga.on_cancel(&order, cancellation).map_err(refused);
    }
    let lines = ordered_lines::find(tx, order.id).await?;
    let plan = saga.plan_line_cancellation(&order, &lines, &request.lines).map_err(CancelRefusal::from)?;
    let started = saga.on_cancel_lines(&order, plan, cancellation);
    started.map(Applied::Changed).map_err(|error| refused(error.into()))
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

    /// The number of units that it names; `None` if it is about the whole order.
    fn units(&self) -> Option<u32> {
        let units = self.lines.iter().map(|line| line.quantity.get()).sum();
        (!self.lines.is_empty()).then_some(units)
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
