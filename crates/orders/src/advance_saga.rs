//! Handles the queue `orders`: every reply of every slice arrives here, in batches, and advances the saga of its order.

use crate::apply_transition::{ChangeCause, apply};
use crate::changes::OrderChanges;
use crate::error::StoreError;
use crate::metrics;
use crate::order_change::OrderChange;
use crate::returns::{ReturnChanges, ReturnsOfBatch};
use crate::store::lock_sagas::{self, LockedOrder};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::OrderId;
use domain::messages::{Queue, Reply};
use domain::saga::{Command, SagaError, TimeScale, undo_of};
use messaging::{Changes, Delivery, Handle, HandleError, Handled, Header, Outgoing, Verdict};
use sqlx::PgConnection;
use std::collections::HashMap;

/// The handler of the queue `orders`.
#[derive(Debug, Clone, Copy)]
pub struct SagaHandler {
    pub time_scale: TimeScale,
}

impl Handle for SagaHandler {
    type Command = Reply;
    type Changes = SagaChanges;
    const QUEUE: Queue = Queue::Orders;

    async fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<Reply>],
        now: Timestamp,
    ) -> Result<Handled<SagaChanges>, HandleError> {
        let ids: Vec<_> = batch.iter().map(|delivery| delivery.header.subject.as_uuid()).collect();
        let mut locked: HashMap<_, _> = lock_sagas::lock(tx, &ids).await?.into_iter().collect();
        let returns = ReturnsOfBatch::of(tx, batch).await?;
        let mut handled = Handled::<SagaChanges>::default();
        for delivery in batch {
            let order = locked.remove(&delivery.header.subject);
            if order.is_none() && delivery.attempt > 0 {
                let compensation = compensation_without_order(delivery, now);
                handled.changes.unknown_orders.push((delivery.header.clone(), compensation.is_some()));
                handled.outgoing.extend(compensation);
                handled.verdicts.push(Verdict::Done);
                continue;
            }
            if let Some((change, outgoing)) = returns.on_reply(delivery, self.time_scale, now) {
                handled.changes.returns.0.push(change);
                handled.outgoing.extend(outgoing);
            }
            handled.verdicts.push(match self.advance(order, delivery, now) {
                Ok(Applied::Changed((change, outgoing))) => {
                    handled.changes.orders.0.push(change);
                    handled.outgoing.extend(outgoing);
                    Verdict::Done
                }
                Ok(Applied::Unchanged) => Verdict::Done,
                Err(verdict) => verdict,
            });
        }
        Ok(handled)
    }
}

/// What a batch of replies changes.
#[derive(Debug, Default)]
pub struct SagaChanges {
    orders: OrderChanges,
    returns: ReturnChanges,
    /// Replies about orders that do not exist, and whether a compensation is sent.
    unknown_orders: Vec<(Header, bool)>,
}

impl Changes for SagaChanges {
    type Error = StoreError;

    async fn save(&self, tx: &mut PgConnection, now: Timestamp) -> Result<(), StoreError> {
        self.orders.save(tx, now).await?;
        self.returns.save(tx, now).await
    }

    fn committed(self, now: Timestamp) {
        self.orders.committed(now);
        self.unknown_orders.iter().for_each(report_unknown_order);
    }
}

impl SagaHandler {
    fn advance(
        self,
        order: Option<Result<LockedOrder, StoreError>>,
        delivery: &Delivery<Reply>,
        now: Timestamp,
    ) -> Result<Applied<(OrderChange, Vec<Outgoing>)>, Verdict> {
        let (header, reply) = (&delivery.header, &delivery.command);
        let locked = order.ok_or_else(|| Verdict::Retry(unknown_order(header.subject)))?;
        let LockedOrder { order, saga, .. } = locked.map_err(|unreadable| Verdict::Poison(unreadable.to_string()))?;
        let refused = |error: SagaError| Verdict::Poison(error.to_string());
        let Applied::Changed(transition) = saga.on_reply(&order, reply).map_err(refused)? else {
            return Ok(Applied::Unchanged);
        };
        let cause = ChangeCause { message_id: Some(header.id), actor: None, trace: header.caused() };
        apply(order, transition, cause, self.time_scale, now).map(Applied::Changed).map_err(refused)
    }
}

/// The compensation for a reply about an order that does not exist. That happens when the broker has messages that the
/// database has lost, after a restore for instance, or when a reply is forged. Nothing else would undo the step. At its
/// first attempt such a reply is retried instead, in case the order exists and was only not found.
fn compensation_without_order(delivery: &Delivery<Reply>, now: Timestamp) -> Option<Outgoing> {
    let Delivery { header, command: reply, .. } = delivery;
    match undo_of(reply)? {
        Command::Inventory(undo) => Some(Outgoing::new(header.subject, &undo, header.id, header.caused(), now)),
        Command::Payment(undo) => Some(Outgoing::new(header.subject, &undo, header.id, header.caused(), now)),
        Command::Shipment(undo) => Some(Outgoing::new(header.subject, &undo, header.id, header.caused(), now)),
    }
}

fn report_unknown_order((header, undone): &(Header, bool)) {
    metrics::record_reply_without_order(*undone);
    let correlation_id = header.trace.correlation_id.as_str();
    tracing::warn!(order.id = %header.subject, message.id = %header.id, correlation_id, undone,
        "A reply refers to an order that does not exist; its step is undone if it can be");
}

fn unknown_order(order: OrderId) -> String {
    format!("order {order} does not exist")
}
