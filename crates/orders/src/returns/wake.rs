//! Advances returns whose deadline has passed: an approved one expires, the open commands of a received one are sent
//! again. So no return depends on the arrival of a message.

use super::apply::{ReturnCause, Surroundings, apply};
use super::changes::ReturnChanges;
use super::error::ReturnError;
use super::locked::{find_refundable, may_refund};
use crate::error::StoreError;
use crate::return_model::{ReturnChange, StoredReturn};
use crate::store::lock_sagas::{self, LockedOrder};
use crate::store::returns;
use crate::wake_stalled_sagas::reason_not_to_wake;
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::OrderId;
use domain::messages::Queue;
use domain::returns::{ReturnCommand, ReturnState};
use domain::saga::TimeScale;
use messaging::{Outgoing, UnitOfWork, WriteContext};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::time::Duration;

/// How long the deadline of a return whose order can't be read is postponed.
const FAILED_WAIT: Duration = Duration::from_mins(10);
/// How long the deadline of a return whose queues have no consumers is postponed.
const UNATTENDED_WAIT: Duration = Duration::from_secs(30);
const ACTOR: &str = "scheduler";

/// Advances up to `limit` returns; returns how many there were. Concurrent calls are safe: a return that another call
/// has advanced is not due any more. `unattended` are the queues without a consumer.
pub async fn wake_stalled_returns(
    context: &WriteContext,
    unattended: &[Queue],
    now: Timestamp,
    limit: u16,
) -> Result<usize, ReturnError> {
    let mut work = UnitOfWork::begin(context).await?;
    if reason_not_to_wake(&mut work, unattended).await?.is_some() {
        return Ok(0);
    }
    let orders = returns::orders_with_due(&mut work, now, limit.into()).await?;
    if orders.is_empty() {
        return Ok(0);
    }
    let ids: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let locked: HashMap<_, _> = lock_sagas::lock(&mut work, &ids).await?.into_iter().collect();
    // Read after the locks are held, so that a return that has been advanced meanwhile is not due any more.
    let (due, unreadable) = due_returns(&mut work, &orders, now).await?;
    returns::postpone_of_orders(&mut work, &unreadable, now + FAILED_WAIT).await?;
    let count = due.len();
    let (mut changes, mut failed, mut waiting) = (ReturnChanges::default(), Vec::new(), Vec::new());
    for stored in due {
        let id = stored.returned.id;
        if is_waiting(&stored, unattended) {
            waiting.push(id);
            continue;
        }
        let Some(order) = readable(locked.get(&stored.returned.order_id), &stored) else {
            failed.push(id);
            continue;
        };
        match advance(&mut work, order, stored, context.time_scale, now).await? {
            Some((change, outgoing)) => {
                changes.0.push(change);
                work.send(outgoing);
            }
            None => failed.push(id),
        }
    }
    returns::postpone(&mut work, &waiting, now + context.time_scale.scale(UNATTENDED_WAIT)).await?;
    returns::postpone(&mut work, &failed, now + FAILED_WAIT).await?;
    work.commit(changes, now).await?;
    Ok(count)
}

/// The returns of `orders` that are past their deadline, and the orders with a return that can't be read.
async fn due_returns(
    tx: &mut PgConnection,
    orders: &[OrderId],
    now: Timestamp,
) -> Result<(Vec<StoredReturn>, Vec<OrderId>), ReturnError> {
    let (mut due, unreadable) = match returns::of_orders(tx, orders).await {
        Ok(due) => (due, Vec::new()),
        Err(StoreError::Inconsistent(_)) => readable_returns(tx, orders).await?,
        Err(error) => return Err(error.into()),
    };
    due.retain(|stored| stored.deadline_at.is_some_and(|deadline_at| deadline_at <= now));
    Ok((due, unreadable))
}

/// Reads the orders one by one, so that a return that can't be read does not stop those of other orders.
async fn readable_returns(
    tx: &mut PgConnection,
    orders: &[OrderId],
) -> Result<(Vec<StoredReturn>, Vec<OrderId>), ReturnError> {
    let (mut readable, mut unreadable) = (Vec::new(), Vec::new());
    for order in orders {
        match returns::of_orders(tx, &[*order]).await {
            Ok(stored) => readable.extend(stored),
            Err(StoreError::Inconsistent(error)) => {
                tracing::error!(order.id = %order, "The returns of order {order} can't be advanced: {error}");
                unreadable.push(*order);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok((readable, unreadable))
}

/// The change of a return that is past its deadline.
async fn advance(
    tx: &mut PgConnection,
    order: &LockedOrder,
    stored: StoredReturn,
    time_scale: TimeScale,
    now: Timestamp,
) -> Result<Option<(ReturnChange, Vec<Outgoing>)>, ReturnError> {
    let (version, order_id) = (stored.returned.version, stored.returned.order_id);
    let may_refund = may_refund(order, &stored.returned);
    let Applied::Changed(transition) = stored.returned.on_deadline(may_refund) else { return Ok(None) };
    let needs_order = transition.commands.contains(&ReturnCommand::Refund);
    let refundable = if needs_order { find_refundable(tx, order_id).await? } else { None };
    let (actor, trace) = (Some(ACTOR.to_owned()), stored.trace);
    let cause = ReturnCause { message_id: None, actor, decision_note: None, trace };
    Ok(Some(apply(version, transition, cause, &Surroundings { refundable, time_scale, now })))
}

/// Its commands are still in a queue that nobody consumes, and are not sent again.
fn is_waiting(stored: &StoredReturn, unattended: &[Queue]) -> bool {
    let is_received = matches!(stored.returned.state, ReturnState::Received(_));
    is_received && [Queue::Inventory, Queue::Payments].iter().any(|queue| unattended.contains(queue))
}

fn readable<'a>(locked: Option<&'a Result<LockedOrder, StoreError>>, stored: &StoredReturn) -> Option<&'a LockedOrder> {
    let order_id = stored.returned.order_id;
    match locked {
        Some(Ok(order)) => Some(order),
        Some(Err(error)) => {
            tracing::error!(order.id = %order_id, "The return {} can't be advanced: {error}", stored.returned.id);
            None
        }
        None => {
            tracing::error!(order.id = %order_id, "The order of return {} does not exist", stored.returned.id);
            None
        }
    }
}
