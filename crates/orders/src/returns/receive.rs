//! Use case: the goods of a return arrived and were counted. Its restocking and its refund follow.

use super::apply::{ReturnCause, Surroundings, apply};
use super::changes::ReturnChanges;
use super::error::ReturnError;
use super::find::views;
use super::locked::{LockedReturn, ReturnActor, find_refundable, may_refund};
use super::request::audit_state;
use crate::return_model::{ReturnView, StoredReturn};
use crate::store::lock_sagas::LockedOrder;
use domain::Timestamp;
use domain::ids::{ReturnId, WarehouseId};
use domain::product::Sku;
use domain::returns::{CountedUnits, Return, ReturnTransitionName, check_counts};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
pub struct ReceiveReturn {
    pub return_id: ReturnId,
    pub actor: ReturnActor,
    /// `None` for the warehouse that the units came from.
    pub warehouse_id: Option<WarehouseId>,
    pub counts: Vec<CountedUnits>,
    pub trace: Trace,
}

/// Stores the counts, and sends the commands that restock and refund. The audit record and the response for the
/// idempotency key are stored in the same transaction.
pub async fn receive_return(
    context: &WriteContext,
    request: ReceiveReturn,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<ReturnView>),
) -> Result<ReturnView, ReturnError> {
    let mut work = UnitOfWork::begin(context).await?;
    let LockedReturn { order, stored } = LockedReturn::find(&mut work, request.return_id, &request.actor).await?;
    if !request.actor.acts_for_vendor(&stored) {
        return Err(ReturnError::NotAllowed("the vendor of the lines, or an admin,"));
    }
    let before = stored.returned.clone();
    // Before the counts are compared: a return that is not approved has another problem than its counts.
    before.ensure_receivable()?;
    check_counts(&before.lines, &request.counts)?;
    let warehouse_id = request.warehouse_id.or_else(|| warehouse_of(&order, &before));
    let warehouse_id = warehouse_id.ok_or(ReturnError::WarehouseRequired)?;
    let may_refund = may_refund(&order, &before);
    let transition = before.clone().receive(warehouse_id, request.counts.clone(), may_refund)?;
    let refundable = if may_refund { find_refundable(&mut work, before.order_id).await? } else { None };
    let actor = Some(request.actor.name.clone());
    let cause = ReturnCause { message_id: None, actor, decision_note: None, trace: request.trace.clone() };
    let surroundings = Surroundings { refundable, time_scale: context.time_scale, now };
    let (change, outgoing) = apply(before.version, transition, cause, &surroundings);
    let to = change.transition.to.clone();
    let (subject, action) = (format!("order:{}", to.order_id), ReturnTransitionName::Receive.audit_name());
    let (state_before, state_after) = (Some(audit_state(&before)), Some(audit_state(&to)));
    let record = AuditRecord { action, subject, reason: None, before: state_before, after: state_after };
    audit.record(&mut work, record).await?;
    work.send(outgoing);
    let after = StoredReturn { returned: to, deadline_at: change.deadline_at, updated_at: now, ..stored };
    let view = views(&mut work, vec![after], request.actor.viewer).await?.pop().ok_or(ReturnError::NotFound)?;
    audit.store_response(&mut work, &view).await?;
    work.commit(ReturnChanges(vec![change]), now).await?;
    Ok(view)
}

/// The warehouse that delivered the lines, if it was one.
fn warehouse_of(order: &LockedOrder, returned: &Return) -> Option<WarehouseId> {
    let is_returned = |sku: &Sku| returned.lines.iter().any(|line| line.sku == *sku);
    let delivered = order.saga.delivered_shipments(returned.order_id);
    let shipments = delivered.iter().filter(|shipment| shipment.lines.iter().any(|line| is_returned(&line.sku)));
    let warehouses: BTreeSet<_> = shipments.map(|shipment| shipment.warehouse_id).collect();
    let mut warehouses = warehouses.into_iter();
    warehouses.next().filter(|_| warehouses.next().is_none())
}
