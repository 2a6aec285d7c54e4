//! Lets go of what is decided: what failed is published to a wait queue or to the dead queue, then all of it is acked.

use super::calls::Tag;
use super::decode::attempt;
use super::unacked::Unacked;
use crate::broker::{Arrival, BrokerError, Link, Publication, Publisher, within};
use crate::dead::message_id;
use crate::envelope::Header;
use crate::handle::Verdict;
use crate::inbox;
use crate::topology::{self, ATTEMPT_HEADER, ERROR_HEADER, RetryLadder, Scope};
use domain::ids::MessageId;
use domain::messages::Queue;
use futures::future::try_join_all;
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use lapin::types::{AMQPValue, FieldTable};
use sqlx::PgPool;
use std::time::Duration;
use tracing::field::display;

/// How long an ack may take to go out; else the session begins anew.
const ACK_LIMIT: Duration = Duration::from_secs(5);
/// How long it may take to note what was received.
const NOTE_LIMIT: Duration = Duration::from_secs(2);
/// What texts of ours and of libraries put values into.
const QUOTES: [char; 3] = ['"', '`', '\''];
/// Bytes of an error's text that travel with a dead message.
const ERROR_BYTES_MAX: usize = 1_024;

/// The step of the retry ladder that a message waits for which was put off: by then a call that hangs has been given up.
const DEFER_STEP: u32 = 1;

/// How a batch ended, for the log and the metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub done: usize,
    pub retried: usize,
    pub dead: usize,
}

pub(super) struct Exit {
    queue: Queue,
    pool: PgPool,
    publishing: Link,
    publisher: Option<Publisher>,
}

impl Exit {
    pub fn new(queue: Queue, pool: PgPool, publishing: Link) -> Self {
        Self { queue, pool, publishing, publisher: None }
    }

    /// Lets go of what is decided. On an error the channel is of no more use: what is unacked comes again, and what of
    /// it was done is known to the inbox.
    pub async fn let_go(&mut self, unacked: &mut Unacked, decided: Vec<(Tag, Verdict)>) -> Result<Tally, BrokerError> {
        let decided: Vec<_> =
            decided.into_iter().filter_map(|(tag, verdict)| Some((unacked.take(tag)?, verdict))).collect();
        let ladder = self.publishing.ladder();
        let failed = decided.iter().filter_map(|(held, verdict)| farewell(self.queue, &ladder, &held.raw, verdict));
        let failed: Vec<Farewell<'_>> = failed.collect();
        self.note_received(&failed).await;
        if let Err(error) = self.publish(&failed).await {
            // An alarm stops whoever publishes, and ends only when queues are drained: what is done goes all the same.
            let done = decided.iter().filter(|(_, verdict)| *verdict == Verdict::Done);
            let done: Vec<_> = done.map(|(held, _)| &held.raw).collect();
            ack_each(self.queue, &done).await?;
            return Err(error);
        }
        let all: Vec<_> = decided.iter().map(|(held, _)| &held.raw).collect();
        ack(self.queue, all, unacked.first()).await?;
        let dead = failed.iter().filter(|farewell| farewell.exchange == topology::DEAD).count();
        Ok(Tally { done: decided.len() - failed.len(), retried: failed.len() - dead, dead })
    }

    /// Without a note an attempt of a saga does not count, which harms nobody.
    async fn note_received(&self, failed: &[Farewell<'_>]) {
        let ids: Vec<MessageId> = failed.iter().map(|farewell| message_id(farewell.raw)).collect();
        if ids.is_empty() {
            return;
        }
        let noting = inbox::note_received(&self.pool, self.queue.into(), &ids);
        if !matches!(tokio::time::timeout(NOTE_LIMIT, noting).await, Ok(Ok(()))) {
            tracing::warn!(queue = %self.queue, messages = ids.len(), "That messages were received could not be noted");
        }
    }

    async fn publish(&mut self, failed: &[Farewell<'_>]) -> Result<(), BrokerError> {
        if failed.is_empty() {
            return Ok(());
        }
        let mut publisher = match self.publisher.take() {
            Some(open) if open.is_usable() => open,
            _ => Publisher::open_for(&self.publishing, Scope::Queue(self.queue)).await?,
        };
        let publications: Vec<_> = failed.iter().map(Farewell::publication).collect();
        for arrival in publisher.publish_all(&publications).await? {
            if let Arrival::Refused(reason) = arrival {
                return Err(BrokerError::Refused(reason));
            }
        }
        self.publisher = Some(publisher);
        Ok(())
    }
}

/// One ack for all before the first delivery that is still at work, one each for the others.
async fn ack(queue: Queue, decided: Vec<&Delivery>, at_work: Option<Tag>) -> Result<(), BrokerError> {
    let is_before = |raw: &&Delivery| at_work.is_none_or(|tag| raw.delivery_tag < tag);
    let (before, behind): (Vec<_>, Vec<_>) = decided.into_iter().partition(is_before);
    if let Some(last) = before.into_iter().max_by_key(|raw| raw.delivery_tag) {
        let acked = within(ACK_LIMIT, last.ack(BasicAckOptions { multiple: true })).await?;
        expect_open(queue, acked)?;
    }
    ack_each(queue, &behind).await
}

async fn ack_each(queue: Queue, decided: &[&Delivery]) -> Result<(), BrokerError> {
    let acks = try_join_all(decided.iter().map(|raw| raw.ack(BasicAckOptions::default())));
    let acked = within(ACK_LIMIT, acks).await?;
    expect_open(queue, acked.into_iter().all(|acked| acked))
}

/// An ack that could not go out is no error to the library.
fn expect_open(queue: Queue, acked: bool) -> Result<(), BrokerError> {
    if acked { Ok(()) } else { Err(BrokerError::ConsumerCancelled(queue.to_string())) }
}

/// A message that goes to wait or to rest.
struct Farewell<'a> {
    raw: &'a Delivery,
    exchange: &'static str,
    routing_key: String,
    attempts: u32,
    error: &'a str,
}

fn farewell<'a>(queue: Queue, ladder: &RetryLadder, raw: &'a Delivery, verdict: &'a Verdict) -> Option<Farewell<'a>> {
    let attempt = attempt(raw);
    let dead = || (topology::DEAD, queue.to_string());
    let wait = |step| ladder.wait_queue(queue, step).map_or_else(dead, |wait_queue| (topology::RETRY, wait_queue));
    let (attempts, (exchange, routing_key), error) = match verdict {
        Verdict::Done => return None,
        Verdict::Defer(error) => (attempt, wait(DEFER_STEP), error),
        Verdict::Retry(error) => (attempt.saturating_add(1), wait(attempt), error),
        Verdict::Poison(error) => (attempt.saturating_add(1), dead(), error),
    };
    // What is put off is counted with its batch: there may be very many of them, very often.
    if attempts > attempt {
        report(queue, raw, attempt, exchange, &without_values(error));
    }
    Some(Farewell { raw, exchange, routing_key, attempts, error })
}

impl Farewell<'_> {
    /// Headers are made anew: copied `x-death` headers make RabbitMQ 3.10 drop messages on their way round.
    fn publication(&self) -> Publication<'_> {
        let end = self.error.floor_char_boundary(ERROR_BYTES_MAX);
        let mut headers = FieldTable::default();
        headers.insert(ATTEMPT_HEADER.into(), AMQPValue::LongUInt(self.attempts));
        headers.insert(ERROR_HEADER.into(), AMQPValue::LongString(self.error[..end].into()));
        let properties = &self.raw.properties;
        Publication {
            message_id: message_id(self.raw),
            exchange: self.exchange,
            routing_key: &self.routing_key,
            type_name: properties.kind().as_ref().map_or("", |kind| kind.as_str()),
            payload: &self.raw.data,
            headers,
            mandatory: true,
        }
    }
}

fn report(queue: Queue, raw: &Delivery, attempt: u32, exchange: &str, error: &str) {
    let header: Option<Header> = serde_json::from_slice(&raw.data).ok();
    let order_id = header.as_ref().map(|header| display(header.subject));
    let correlation_id = header.as_ref().map(|header| header.trace.correlation_id.as_str());
    let id = message_id(raw);
    if exchange == topology::DEAD {
        tracing::error!(%queue, message.id = %id, order.id = order_id, correlation_id, attempt, error,
            "A message goes to the dead queue");
    } else {
        tracing::warn!(%queue, message.id = %id, order.id = order_id, correlation_id, attempt, error,
            "A message will be tried again");
    }
}

/// What can't be read is quoted where it is complained of, in one kind of quotes or another, and a log is no place for
/// what messages hold. The whole complaint travels with the message.
fn without_values(error: &str) -> String {
    let mut told = String::with_capacity(error.len());
    let mut open = None;
    let mut letters = error.chars();
    while let Some(letter) = letters.next() {
        match open {
            None => {
                told.push(letter);
                open = Some(letter).filter(|letter| QUOTES.contains(letter));
                told.push_str(if open.is_some() { "..." } else { "" });
            }
            // An escaped quote does not end a value.
            Some(_) if letter == '\\' => drop(letters.next()),
            Some(quote) if letter == quote => {
                told.push(letter);
                open = None;
            }
            Some(_) => {}
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_what_is_wrong_and_quotes_nothing_of_it() {
        let told =
            without_values(r#"undecodable: invalid type: string "call \"Ann\" at home", expected u32 at line 1"#);

        assert_eq!(told, r#"undecodable: invalid type: string "...", expected u32 at line 1"#);
        let variant = without_values("unknown variant `it's Ann`, expected `booked`");
        assert_eq!(variant, "unknown variant `...`, expected `...`");
        assert_eq!(without_values("a currency is not 'Ann'"), "a currency is not '...'");
        assert_eq!(without_values("the database is away"), "the database is away");
        assert_eq!(without_values("string \"cut off"), "string \"...");
    }
}
