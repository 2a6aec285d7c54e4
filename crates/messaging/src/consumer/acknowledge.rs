//! Finishes deliveries that have a verdict: publishes failed messages to a retry queue or to the dead queue, then acks
//! all of them.

use super::calls::Tag;
use super::unacked::Unacked;
use crate::broker::{
    BrokerConnection, BrokerError, Publication, PublishOutcome, Publisher, attempt, message_id, within,
};
use crate::envelope::Header;
use crate::handle::Verdict;
use crate::inbox;
use crate::metrics::BatchSummary;
use crate::topology::{self, ATTEMPT_HEADER, ERROR_HEADER, RetrySchedule, Scope};
use domain::ids::MessageId;
use domain::messages::Queue;
use futures::future::try_join_all;
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use lapin::types::{AMQPValue, FieldTable};
use sqlx::PgPool;
use std::time::Duration;
use tracing::field::display;

/// How long sending an ack may take; after that the session is restarted.
const ACK_LIMIT: Duration = Duration::from_secs(5);
/// How long storing the receipts of failed messages may take.
const RECEIPT_LIMIT: Duration = Duration::from_secs(2);
/// The quotes that error texts, ours and those of libraries, put around values.
const QUOTES: [char; 3] = ['"', '`', '\''];
/// Bytes of an error text that are kept in the header of a rerouted message.
const ERROR_BYTES_MAX: usize = 1_024;

/// The step of the retry schedule that a deferred message waits for. It is longer than the limit of a provider call, so
/// calls that hang have timed out by then.
const DEFER_STEP: u32 = 1;

/// Acks the deliveries of one session, and publishes its failed messages.
pub(super) struct Acknowledger {
    queue: Queue,
    pool: PgPool,
    publishing: BrokerConnection,
    publisher: Option<Publisher>,
}

impl Acknowledger {
    pub fn new(queue: Queue, pool: PgPool, publishing: BrokerConnection) -> Self {
        Self { queue, pool, publishing, publisher: None }
    }

    /// Publishes the failed messages and acks all deliveries that have a verdict. After an error the channel must not
    /// be used any more: the broker redelivers what is unacked, and the inbox knows which of these messages were
    /// handled.
    pub async fn finish(
        &mut self,
        unacked: &mut Unacked,
        verdicts: Vec<(Tag, Verdict)>,
    ) -> Result<BatchSummary, BrokerError> {
        let decided: Vec<_> =
            verdicts.into_iter().filter_map(|(tag, verdict)| Some((unacked.remove(tag)?, verdict))).collect();
        let schedule = self.publishing.retry_schedule();
        let failed =
            decided.iter().filter_map(|(delivery, verdict)| reroute(self.queue, &schedule, &delivery.raw, verdict));
        let failed: Vec<Rerouted<'_>> = failed.collect();
        self.store_receipts(&failed).await;
        if let Err(error) = self.publish(&failed).await {
            // A resource alarm of the broker blocks publishers until queues have been drained. The messages that are
            // done must be acked nevertheless, or the queues would never drain.
            let done = decided.iter().filter(|(_, verdict)| *verdict == Verdict::Done);
            let done: Vec<_> = done.map(|(delivery, _)| &delivery.raw).collect();
            ack_each(self.queue, &done).await?;
            return Err(error);
        }
        let all: Vec<_> = decided.iter().map(|(delivery, _)| &delivery.raw).collect();
        ack(self.queue, all, unacked.first()).await?;
        let dead = failed.iter().filter(|message| message.exchange == topology::DEAD).count();
        Ok(BatchSummary { done: decided.len() - failed.len(), retried: failed.len() - dead, dead })
    }

    /// Failures are only logged: without a receipt the saga does not count the attempt, which does no harm.
    async fn store_receipts(&self, failed: &[Rerouted<'_>]) {
        let ids: Vec<MessageId> = failed.iter().map(|message| message_id(message.raw)).collect();
        if ids.is_empty() {
            return;
        }
        let storing = inbox::record_receipts(&self.pool, self.queue.into(), &ids);
        if !matches!(tokio::time::timeout(RECEIPT_LIMIT, storing).await, Ok(Ok(()))) {
            tracing::warn!(queue = %self.queue, messages = ids.len(), "Receipts of messages could not be stored");
        }
    }

    async fn publish(&mut self, failed: &[Rerouted<'_>]) -> Result<(), BrokerError> {
        if failed.is_empty() {
            return Ok(());
        }
        let mut publisher = match self.publisher.take() {
            Some(open) if open.is_usable() => open,
            _ => Publisher::open_for(&self.publishing, Scope::Queue(self.queue)).await?,
        };
        let publications: Vec<_> = failed.iter().map(Rerouted::publication).collect();
        for outcome in publisher.publish_all(&publications).await? {
            if let PublishOutcome::Refused(reason) = outcome {
                return Err(BrokerError::Refused(reason));
            }
        }
        self.publisher = Some(publisher);
        Ok(())
    }
}

/// One multiple-ack for all deliveries before `first_unacked`, and one ack each for the others.
async fn ack(queue: Queue, decided: Vec<&Delivery>, first_unacked: Option<Tag>) -> Result<(), BrokerError> {
    let is_before = |raw: &&Delivery| first_unacked.is_none_or(|tag| raw.delivery_tag < tag);
    let (before, after): (Vec<_>, Vec<_>) = decided.into_iter().partition(is_before);
    if let Some(last) = before.into_iter().max_by_key(|raw| raw.delivery_tag) {
        let acked = within(ACK_LIMIT, last.ack(BasicAckOptions { multiple: true })).await?;
        expect_open(queue, acked)?;
    }
    ack_each(queue, &after).await
}

async fn ack_each(queue: Queue, decided: &[&Delivery]) -> Result<(), BrokerError> {
    let acks = try_join_all(decided.iter().map(|raw| raw.ack(BasicAckOptions::default())));
    let acked = within(ACK_LIMIT, acks).await?;
    expect_open(queue, acked.into_iter().all(|acked| acked))
}

/// lapin returns `false`, and no error, when an ack could not be sent.
fn expect_open(queue: Queue, acked: bool) -> Result<(), BrokerError> {
    if acked { Ok(()) } else { Err(BrokerError::ConsumerCancelled(queue.to_string())) }
}

/// A failed message with the retry queue or dead queue that it is published to.
struct Rerouted<'a> {
    raw: &'a Delivery,
    exchange: &'static str,
    routing_key: String,
    /// How long it waits in its retry queue.
    expires_in_ms: Option<u32>,
    attempts: u32,
    error: &'a str,
}

fn reroute<'a>(
    queue: Queue,
    schedule: &RetrySchedule,
    raw: &'a Delivery,
    verdict: &'a Verdict,
) -> Option<Rerouted<'a>> {
    let attempt = attempt(raw);
    let dead = || (topology::DEAD, queue.to_string(), None);
    let retry = |step| match schedule.retry(queue, step, message_id(raw)) {
        Some((retry_queue, delay_ms)) => (topology::RETRY, retry_queue, Some(delay_ms)),
        None => dead(),
    };
    let (attempts, (exchange, routing_key, expires_in_ms), error) = match verdict {
        Verdict::Done => return None,
        Verdict::Defer(error) => (attempt, retry(DEFER_STEP), error),
        Verdict::Retry(error) => (attempt.saturating_add(1), retry(attempt), error),
        Verdict::Poison(error) => (attempt.saturating_add(1), dead(), error),
    };
    // Deferred messages appear in the summary of their batch only: they can be many, and frequent.
    if attempts > attempt {
        report(queue, raw, attempt, exchange, &redact_quoted(error));
    }
    Some(Rerouted { raw, exchange, routing_key, expires_in_ms, attempts, error })
}

impl Rerouted<'_> {
    /// The headers are built from scratch: RabbitMQ 3.10 drops messages with copied `x-death` headers as a dead-letter
    /// cycle.
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
            expires_in_ms: self.expires_in_ms,
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
            "A message failed and goes to the dead queue");
    } else {
        tracing::warn!(%queue, message.id = %id, order.id = order_id, correlation_id, attempt, error,
            "A message failed and will be retried");
    }
}

/// Parse errors quote the offending value. Logs must not contain message data, so quoted parts are replaced by `...`;
/// the full text is kept in the message's error header.
fn redact_quoted(error: &str) -> String {
    let mut redacted = String::with_capacity(error.len());
    let mut open = None;
    let mut characters = error.chars();
    while let Some(character) = characters.next() {
        match open {
            None => {
                redacted.push(character);
                open = Some(character).filter(|character| QUOTES.contains(character));
                redacted.push_str(if open.is_some() { "..." } else { "" });
            }
            // An escaped quote does not end a value.
            Some(_) if character == '\\' => drop(characters.next()),
            Some(quote) if character == quote => {
                redacted.push(character);
                open = None;
            }
            Some(_) => {}
        }
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_error_contains_none_of_the_values_that_it_quotes() {
        let redacted =
            redact_quoted(r#"undecodable: invalid type: string "call \"Ann\" at home", expected u32 at line 1"#);

        assert_eq!(redacted, r#"undecodable: invalid type: string "...", expected u32 at line 1"#);
        let variant = redact_quoted("unknown variant `it's Ann`, expected `booked`");
        assert_eq!(variant, "unknown variant `...`, expected `...`");
        assert_eq!(redact_quoted("a currency is not 'Ann'"), "a currency is not '...'");
        assert_eq!(redact_quoted("the database is away"), "the database is away");
        assert_eq!(redact_quoted("string \"cut off"), "string \"...");
    }
}
