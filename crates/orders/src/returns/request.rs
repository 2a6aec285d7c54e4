//! Use case: a customer requests to return delivered units.

use super::changes::ReturnChanges;
use super::error::ReturnError;
use super::locked::{ReturnActor, lock_order};
use super::messages;
use crate::return_model::{ReturnChange, ReturnView, StoredReturn};
use crate::store::lock_sagas::LockedOrder;
use crate::store::{returnable, returns, save_returns};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::{OrderId, ReturnId};
use domain::order::order_request::Note;
use domain::refund::LineUnits;
use domain::returns::{NewReturn, RETURNS_MAX, RequestedReturn, Return, ReturnReason, ReturnRefusal, check_request};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct RequestReturns {
    pub order_id: OrderId,
    pub actor: ReturnActor,
    pub units: Vec<LineUnits>,
    pub reason: ReturnReason,
    pub note: Option<Note>,
    /// How long after its delivery a line may be returned.
    pub window: TimeDelta,
    pub trace: Trace,
}

/// Stores one return per vendor of the lines. The audit records, the response for the idempotency key and the events are
/// stored in the same transaction.
pub async fn request_returns(
    context: &WriteContext,
    request: RequestReturns,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<Vec<ReturnView>>),
) -> Result<Vec<ReturnView>, ReturnError> {
    let mut work = UnitOfWork::begin(context).await?;
    let order = lock_order(&mut work, request.order_id).await?.ok_or(ReturnError::NoSuchOrder)?;
    let requested = requested_returns(&mut work, &order, &request, now).await?;
    let (mut changes, mut views) = (ReturnChanges::default(), Vec::new());
    for requested in requested {
        let (stored, change) = request.new_return(&order, requested, context, now);
        save_returns::insert(&mut work, &stored, now).await?;
        let (subject, after) = (format!("order:{}", request.order_id), Some(audit_state(&stored.returned)));
        let reason = Some(request.reason.to_string());
        audit.record(&mut work, AuditRecord { action: "return.request", subject, reason, before: None, after }).await?;
        work.send([messages::requested(&stored, now)]);
        let requested = StoredReturn { returned: change.transition.to.clone(), ..stored };
        views.push(ReturnView::of(requested, Vec::new(), request.actor.viewer));
        changes.0.push(change);
    }
    audit.store_response(&mut work, &views).await?;
    work.commit(changes, now).await?;
    Ok(views)
}

/// What would be requested. The order is locked, or its returns may change meanwhile.
pub(super) async fn requested_returns(
    connection: &mut PgConnection,
    order: &LockedOrder,
    request: &RequestReturns,
    now: Timestamp,
) -> Result<Vec<RequestedReturn>, ReturnError> {
    if !request.actor.is_admin && order.customer_id != request.actor.id {
        return Err(ReturnError::NoSuchOrder);
    }
    let count = returns::count(connection, request.order_id).await?;
    if count >= RETURNS_MAX {
        return Err(ReturnRefusal::TooManyReturns(count).into());
    }
    let delivered = order.saga.delivered_shipments(request.order_id);
    let lines = returnable::find(connection, request.order_id, &delivered).await?;
    Ok(check_request(&lines, &request.units, request.window, now)?)
}

impl RequestReturns {
    fn new_return(
        &self,
        order: &LockedOrder,
        requested: RequestedReturn,
        context: &WriteContext,
        now: Timestamp,
    ) -> (StoredReturn, ReturnChange) {
        let RequestedReturn { vendor_id, lines } = requested;
        let id = ReturnId::from_uuid(Uuid::now_v7());
        let transition = Return::request(NewReturn { id, order_id: self.order_id, vendor_id, lines });
        let deadline_at = transition.to.deadline(context.time_scale, now);
        let stored = StoredReturn {
            // As it is before its first entry, which is saved as a change of it.
            returned: Return { version: 0, ..transition.to.clone() },
            customer_id: order.customer_id,
            reason: self.reason,
            note: self.note.as_ref().map(|note| note.as_str().to_owned()),
            decision_note: None,
            deadline_at,
            trace: self.trace.clone(),
            created_at: now,
            updated_at: now,
        };
        let actor = Some(self.actor.name.clone());
        let change =
            ReturnChange { transition, version_before: 0, deadline_at, cause: None, actor, decision_note: None };
        (stored, change)
    }
}

/// A return in the audit log.
pub(super) fn audit_state(returned: &Return) -> serde_json::Value {
    let status: &str = returned.status().into();
    json!({ "return_id": returned.id, "status": status })
}
