//! Carries out one round: a batch with at most one message an order, in one transaction, or in two around a provider.

use super::turns::Turn;
use crate::handle::{Delivery, Handle, HandleError, HandleWithProvider, Handled, Verdict};
use crate::outbox::{self, Relay, Taking};
use crate::{Message, inbox};
use domain::Timestamp;
use domain::ids::MessageId;
use domain::messages::Queue;
use futures::{StreamExt, stream};
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use std::collections::HashSet;

/// A slice's way of handling a round; answers with one verdict a message, in order.
pub trait Work: Send + Sync + 'static {
    type Command: DeserializeOwned + Message + Clone + Send + Sync + 'static;
    const QUEUE: Queue;

    fn carry_out(
        &self,
        pool: &PgPool,
        relay: &Relay,
        turn: &mut Turn,
        round: &[Delivery<Self::Command>],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Verdict>, HandleError>> + Send;
}

/// Inbox, effect and answers in one transaction.
#[derive(Debug)]
pub struct InOneTransaction<H>(pub H);

/// The provider is called between two transactions; the inbox is written with the second. A crash in between repeats
/// the calls under the same provider keys.
#[derive(Debug)]
pub struct AroundProvider<H>(pub H);

impl<H: Handle> Work for InOneTransaction<H> {
    type Command = H::Command;
    const QUEUE: Queue = H::QUEUE;

    async fn carry_out(
        &self,
        pool: &PgPool,
        relay: &Relay,
        _turn: &mut Turn,
        round: &[Delivery<H::Command>],
        now: Timestamp,
    ) -> Result<Vec<Verdict>, HandleError> {
        let reader: &str = Self::QUEUE.into();
        // Nearly always nothing comes twice: who has taken what is looked up only when that was wrong.
        let mut taken_before: Option<HashSet<MessageId>> = None;
        loop {
            let (batch, places) = split_off(round, |id| taken_before.as_ref().is_none_or(|ids| !ids.contains(id)));
            let mut tx = platform::postgres::begin(pool).await?;
            let handled = self.0.handle(&mut tx, &batch, now).await?;
            let taking = Taking { reader, ids: &finished(&batch, &handled) };
            let (parcel, taken) = outbox::append_and_take(&mut tx, handled.outgoing, taking, relay).await?;
            // What can't be done now may have been done before.
            let is_sure = taken_before.is_some() || taking.ids.len() == batch.len();
            if is_sure && taken == taking.ids.len() {
                tx.commit().await?;
                relay.carry(parcel);
                handled.after_commit.happen();
                return Ok(spread(round.len(), places, handled.verdicts));
            }
            tx.rollback().await?;
            taken_before = Some(inbox::taken(&mut *pool.acquire().await?, reader, &ids(round)).await?);
        }
    }
}

impl<H: HandleWithProvider> Work for AroundProvider<H> {
    type Command = H::Command;
    const QUEUE: Queue = H::QUEUE;

    async fn carry_out(
        &self,
        pool: &PgPool,
        relay: &Relay,
        turn: &mut Turn,
        round: &[Delivery<H::Command>],
        now: Timestamp,
    ) -> Result<Vec<Verdict>, HandleError> {
        let reader: &str = Self::QUEUE.into();
        let mut tx = platform::postgres::begin(pool).await?;
        let taken = inbox::taken(&mut tx, reader, &ids(round)).await?;
        let (batch, places) = split_off(round, |id| !taken.contains(id));
        let calls = self.0.begin(&mut tx, &batch, now).await?;
        tx.commit().await?;

        let calls = stream::iter(calls).map(|call| self.0.call(call));
        let answers = turn.away(calls.buffered(self.0.calls_max()).collect()).await;

        let mut tx = platform::postgres::begin(pool).await?;
        let handled = self.0.settle(&mut tx, &batch, answers, now).await?;
        // Another process may have settled and taken the same message meanwhile; settling is idempotent, so it is done
        // anyway and says the same again, under the same ids.
        let taking = Taking { reader, ids: &finished(&batch, &handled) };
        let (parcel, _taken) = outbox::append_and_take(&mut tx, handled.outgoing, taking, relay).await?;
        tx.commit().await?;
        relay.carry(parcel);
        handled.after_commit.happen();
        Ok(spread(round.len(), places, handled.verdicts))
    }
}

fn ids<C>(round: &[Delivery<C>]) -> Vec<MessageId> {
    round.iter().map(|delivery| delivery.header.id).collect()
}

/// The messages that are wanted, and their places in the round.
fn split_off<C: Clone>(round: &[Delivery<C>], wanted: impl Fn(&MessageId) -> bool) -> (Vec<Delivery<C>>, Vec<usize>) {
    let wanted = round.iter().enumerate().filter(|(_, delivery)| wanted(&delivery.header.id));
    wanted.map(|(place, delivery)| (delivery.clone(), place)).unzip()
}

/// Verdicts at the places that they belong to; every other message was taken before, which is done.
fn spread(length: usize, places: Vec<usize>, verdicts: Vec<Verdict>) -> Vec<Verdict> {
    let mut all = vec![Verdict::Done; length];
    for (place, verdict) in places.into_iter().zip(verdicts) {
        all[place] = verdict;
    }
    all
}

/// The messages that are taken; the others will be tried again.
fn finished<C>(batch: &[Delivery<C>], handled: &Handled) -> Vec<MessageId> {
    assert_eq!(batch.len(), handled.verdicts.len(), "a handler answers with one verdict a message");
    let verdicts = batch.iter().zip(&handled.verdicts);
    verdicts.filter(|(_, verdict)| **verdict == Verdict::Done).map(|(delivery, _)| delivery.header.id).collect()
}
