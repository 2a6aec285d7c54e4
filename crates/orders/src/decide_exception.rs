//! An admin decides what becomes of a shipment with which something went wrong.

use crate::apply_transition::{ChangeCause, apply};
use crate::changes::OrderChanges;
use crate::error::StoreError;
use crate::store::lock_sagas::{self, LockedOrder};
use crate::store::{reships, returnable};
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId};
use domain::order::{Order, OrderStatus};
use domain::product::Line;
use domain::saga::{ExceptionDecision, OrderSaga, SagaError};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgConnection;

#[derive(Debug, Clone)]
pub struct DecideException {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub decision: ExceptionDecision,
    /// The admin in the timeline: `admin:<id>`.
    pub actor: String,
    /// Shown in the timeline and in the audit log.
    pub reason: String,
    pub trace: Trace,
}

/// The order after the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedException {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub status: OrderStatus,
    /// Another reason for attention may remain.
    pub attention: Option<String>,
    /// The order that sends the units again.
    pub reshipped_by: Option<OrderId>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExceptionError {
    #[error("no such order")]
    NotFound,
    /// The shipment has no exception, or not one that this decides.
    #[error(transparent)]
    Refused(SagaError),
    /// Its units would be refunded for the return, and sent again or refunded once more.
    #[error("units of shipment {0} are in a return of the order; decide about the return instead")]
    Returned(ShipmentId),
    /// Its units are sent again already.
    #[error("shipment {0} is sent again by order {1}")]
    Reshipped(ShipmentId, OrderId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Applies the decision. The audit record, the response for the idempotency key and the messages are stored in the same
/// transaction.
pub async fn decide_exception(
    context: &WriteContext,
    request: DecideException,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<DecidedException>),
) -> Result<DecidedException, ExceptionError> {
    let DecideException { order_id, shipment_id, decision, actor, reason, trace } = request;
    let mut work = UnitOfWork::begin(context).await?;
    let LockedOrder { order, saga, .. } = lock(&mut work, order_id).await?;
    let before = json!({ "status": order.status, "attention": order.attention });
    if matches!(decision, ExceptionDecision::Close { .. }) {
        find_units(&mut work, &order, &saga, shipment_id).await?;
    }
    let transition = saga.decide_exception(&order, shipment_id, decision, &reason).map_err(ExceptionError::Refused)?;
    let cause = ChangeCause { message_id: None, actor: Some(actor), trace };
    let (change, outgoing) =
        apply(order, transition, cause, context.time_scale, now).map_err(ExceptionError::Refused)?;
    let reshipped_by = match decision {
        ExceptionDecision::Close { reshipped_by } => reshipped_by,
        ExceptionDecision::Dismiss => None,
    };
    if let Some(reship) = reshipped_by {
        reships::insert(&mut work, reship, order_id, shipment_id, now).await?;
    }
    let Order { status, attention, .. } = change.order.clone();
    let decided = DecidedException { order_id, shipment_id, status, attention, reshipped_by };
    let after = json!({ "status": decided.status, "attention": decided.attention, "reshipped_by": reshipped_by });
    let record = AuditRecord {
        action: audit_name(decision),
        subject: format!("order:{order_id}"),
        reason: Some(reason),
        before: Some(before),
        after: Some(after),
    };
    audit.record(&mut work, record).await?;
    audit.store_response(&mut work, &decided).await?;
    work.send(outgoing);
    work.commit(OrderChanges(vec![change]), now).await?;
    Ok(decided)
}

/// Refused as [`decide_exception`] would refuse the decision now. Changes nothing.
pub async fn check_exception(
    context: &WriteContext,
    order_id: OrderId,
    shipment_id: ShipmentId,
    decision: ExceptionDecision,
) -> Result<(), ExceptionError> {
    let mut work = UnitOfWork::begin(context).await?;
    let LockedOrder { order, saga, .. } = lock(&mut work, order_id).await?;
    saga.decide_exception(&order, shipment_id, decision, "").map_err(ExceptionError::Refused)?;
    Ok(())
}

/// The units of a shipment that may be sent again; refused if they are already.
pub async fn find_undeliverable(
    context: &WriteContext,
    order_id: OrderId,
    shipment_id: ShipmentId,
) -> Result<Vec<Line>, ExceptionError> {
    let mut work = UnitOfWork::begin(context).await?;
    let LockedOrder { order, saga, .. } = lock(&mut work, order_id).await?;
    if let Some(reship) = reships::find(&mut work, shipment_id).await? {
        return Err(ExceptionError::Reshipped(shipment_id, reship));
    }
    find_units(&mut work, &order, &saga, shipment_id).await
}

/// The units of an undeliverable shipment. Refused if more of them are in returns than the other shipments have delivered.
async fn find_units(
    tx: &mut PgConnection,
    order: &Order,
    saga: &OrderSaga,
    shipment: ShipmentId,
) -> Result<Vec<Line>, ExceptionError> {
    let units = saga.undeliverable(order, shipment).map_err(ExceptionError::Refused)?;
    let mut others = saga.delivered_shipments(order.id);
    others.retain(|delivered| delivered.id != shipment);
    let lines = returnable::find(tx, order.id, &others).await?;
    let mut returned = lines.iter().filter(|line| line.returned_units > line.delivered_units);
    if returned.any(|line| units.iter().any(|unit| unit.sku == line.sku)) {
        return Err(ExceptionError::Returned(shipment));
    }
    Ok(units.to_vec())
}

async fn lock(tx: &mut PgConnection, order: OrderId) -> Result<LockedOrder, ExceptionError> {
    let found = lock_sagas::lock(tx, &[order.as_uuid()]).await?.pop();
    let (_, locked) = found.ok_or(ExceptionError::NotFound)?;
    Ok(locked?)
}

const fn audit_name(decision: ExceptionDecision) -> &'static str {
    match decision {
        ExceptionDecision::Dismiss => "shipment.dismiss_exception",
        ExceptionDecision::Close { reshipped_by: None } => "shipment.close",
        ExceptionDecision::Close { reshipped_by: Some(_) } => "shipment.reship",
    }
}

impl From<sqlx::Error> for ExceptionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
