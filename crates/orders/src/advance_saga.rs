//! Every answer of every slice arrives here, in batches, and moves its order on.

use crate::apply_transition::{Because, apply};
use crate::error::StoreError;
use crate::metrics::{self, Ends};
use crate::store::lock_sagas::{self, Moved, Standing};
use crate::store::save_changes;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{Queue, Reply};
use domain::order::Applied;
use domain::saga::{Ask, Pace, SagaError, undo_of};
use messaging::{AfterCommit, Delivery, Handle, HandleError, Handled, Header, Outgoing, Verdict};
use sqlx::PgConnection;
use std::collections::HashMap;

/// The orders' end of the queue `orders`.
#[derive(Debug, Clone, Copy)]
pub struct SagaHandler {
    pub pace: Pace,
}

impl Handle for SagaHandler {
    type Command = Reply;
    const QUEUE: Queue = Queue::Orders;

    async fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<Reply>],
        now: Timestamp,
    ) -> Result<Handled, HandleError> {
        let ids: Vec<_> = batch.iter().map(|delivery| delivery.header.subject.as_uuid()).collect();
        let mut standings: HashMap<_, _> = lock_sagas::lock(tx, &ids).await?.into_iter().collect();
        let mut handled = Handled::default();
        let (mut moved, mut strangers) = (Vec::with_capacity(batch.len()), Vec::new());
        for delivery in batch {
            let standing = standings.remove(&delivery.header.subject);
            if standing.is_none() && delivery.attempt > 0 {
                let undo = take_back(delivery, now);
                strangers.push((delivery.header.clone(), undo.is_some()));
                handled.outgoing.extend(undo);
                handled.verdicts.push(Verdict::Done);
                continue;
            }
            handled.verdicts.push(match self.advance(standing, delivery, now) {
                Ok(Applied::Now((order, outgoing))) => {
                    moved.push(order);
                    handled.outgoing.extend(outgoing);
                    Verdict::Done
                }
                Ok(Applied::Already) => Verdict::Done,
                Err(verdict) => verdict,
            });
        }
        save_changes::save(tx, &moved, now).await?;
        handled.after_commit = AfterCommit::run(move || {
            Ends::of(&moved, platform::clock::now()).count();
            strangers.iter().for_each(report_stranger);
        });
        Ok(handled)
    }
}

impl SagaHandler {
    fn advance(
        self,
        standing: Option<Result<Standing, StoreError>>,
        delivery: &Delivery<Reply>,
        now: Timestamp,
    ) -> Result<Applied<(Moved, Vec<Outgoing>)>, Verdict> {
        let (header, reply) = (&delivery.header, &delivery.command);
        let standing = standing.ok_or_else(|| Verdict::Retry(unknown(header.subject)))?;
        let Standing { order, saga, .. } = standing.map_err(|unreadable| Verdict::Poison(unreadable.to_string()))?;
        let refused = |error: SagaError| Verdict::Poison(error.to_string());
        let Applied::Now(advance) = saga.on_reply(&order, reply).map_err(refused)? else {
            return Ok(Applied::Already);
        };
        let because = Because { cause: Some(header.id), actor: None, trace: header.caused() };
        apply(order, advance, because, self.pace, now).map(Applied::Now).map_err(refused)
    }
}

/// An order that does not exist: the broker remembers more than the database does, after a restore for instance, or
/// somebody made it up. What was done for it would be held for good, so it is undone. On its first attempt the reply is
/// only put off, lest this be a moment's mistake.
fn take_back(delivery: &Delivery<Reply>, now: Timestamp) -> Option<Outgoing> {
    let Delivery { header, command: reply, .. } = delivery;
    match undo_of(reply)? {
        Ask::Inventory(undo) => Some(Outgoing::new(header.subject, &undo, header.id, header.caused(), now)),
        Ask::Payment(undo) => Some(Outgoing::new(header.subject, &undo, header.id, header.caused(), now)),
        Ask::Shipment(undo) => Some(Outgoing::new(header.subject, &undo, header.id, header.caused(), now)),
    }
}

fn report_stranger((header, undone): &(Header, bool)) {
    metrics::reply_without_order(*undone);
    let correlation_id = header.trace.correlation_id.as_str();
    tracing::warn!(order.id = %header.subject, message.id = %header.id, correlation_id, undone,
        "A reply is about an order that does not exist; what was done for it is undone");
}

fn unknown(order: OrderId) -> String {
    format!("there is no order {order}")
}
