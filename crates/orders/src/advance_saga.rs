//! Every answer of every slice arrives here, in batches, and moves its order on.

use crate::apply_advance::{Because, apply};
use crate::error::StoreError;
use crate::metrics::Ends;
use crate::store::moves;
use crate::store::saga::{self, Moved, Standing};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{Queue, Reply};
use domain::order::Applied;
use domain::saga::{Pace, SagaError};
use messaging::{AfterCommit, Delivery, Handle, HandleError, Handled, Outgoing, Verdict};
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
        let mut standings: HashMap<_, _> = saga::lock(tx, &ids).await?.into_iter().collect();
        let mut handled = Handled::default();
        let mut moved = Vec::with_capacity(batch.len());
        for delivery in batch {
            let standing = standings.remove(&delivery.header.subject);
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
        moves::save(tx, &moved, now).await?;
        handled.after_commit = AfterCommit::run(move || Ends::of(&moved, platform::clock::now()).count());
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
        if reply.order_id() != header.subject {
            return Err(Verdict::Poison(format!("the message is about {}, not its subject", reply.order_id())));
        }
        let Standing { order, saga, .. } = standing
            .ok_or_else(|| Verdict::Retry(unknown(header.subject)))?
            .map_err(|unreadable| Verdict::Poison(unreadable.to_string()))?;
        let refused = |error: SagaError| Verdict::Poison(error.to_string());
        let Applied::Now(advance) = saga.on_reply(&order, reply).map_err(refused)? else {
            return Ok(Applied::Already);
        };
        let because = Because { cause: Some(header.id), actor: None, trace: header.caused() };
        apply(order, advance, because, self.pace, now).map(Applied::Now).map_err(refused)
    }
}

fn unknown(order: OrderId) -> String {
    format!("there is no order {order}")
}
