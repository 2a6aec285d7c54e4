//! Lets a window go: what failed is published to a wait queue or to the dead queue, then the whole window is acked.

use super::decode::attempt;
use crate::broker::{Arrival, BrokerError, Link, Publication, Publisher, within};
use crate::dead::message_id;
use crate::envelope::Header;
use crate::handle::Verdict;
use crate::topology::{self, ATTEMPT_HEADER, ERROR_HEADER, RetryLadder};
use domain::messages::Queue;
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use lapin::types::{AMQPValue, FieldTable};
use std::time::Duration;
use tracing::field::display;

/// How long an ack may take to go out; else the session begins anew.
const ACK_LIMIT: Duration = Duration::from_secs(5);
/// What texts of ours and of libraries put values into.
const QUOTES: [char; 3] = ['"', '`', '\''];
/// Bytes of an error's text that travel with a dead message.
const ERROR_BYTES_MAX: usize = 1_024;

/// How a window ended, for the log and the metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub done: usize,
    pub retried: usize,
    pub dead: usize,
}

pub(super) struct Exit {
    queue: Queue,
    publishing: Link,
    publisher: Option<Publisher>,
}

impl Exit {
    pub fn new(queue: Queue, publishing: Link) -> Self {
        Self { queue, publishing, publisher: None }
    }

    /// `verdicts` are those of `window`, place by place. On an error the channel is of no more use: what is
    /// unacked comes again, and what of it was done is known to the inbox.
    pub async fn let_go(&mut self, window: &[Delivery], verdicts: &[Verdict]) -> Result<Tally, BrokerError> {
        let ladder = self.publishing.ladder();
        let failed =
            window.iter().zip(verdicts).filter_map(|(raw, verdict)| farewell(self.queue, &ladder, raw, verdict));
        let failed: Vec<Farewell<'_>> = failed.collect();
        if let Err(error) = self.publish(&failed).await {
            // An alarm stops whoever publishes, and ends only when queues are drained: what is done goes all the same.
            ack_done(window, verdicts).await?;
            return Err(error);
        }
        if let Some(last) = window.last() {
            // One ack for all: this channel has nothing outstanding before `last` but this window.
            if !within(ACK_LIMIT, last.ack(BasicAckOptions { multiple: true })).await? {
                return Err(BrokerError::ConsumerCancelled(self.queue.to_string()));
            }
        }
        let dead = failed.iter().filter(|farewell| farewell.exchange == topology::DEAD).count();
        Ok(Tally { done: window.len() - failed.len(), retried: failed.len() - dead, dead })
    }

    async fn publish(&mut self, failed: &[Farewell<'_>]) -> Result<(), BrokerError> {
        if failed.is_empty() {
            return Ok(());
        }
        let mut publisher = match self.publisher.take() {
            Some(open) if open.is_usable() => open,
            _ => Publisher::open(&self.publishing).await?,
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

async fn ack_done(window: &[Delivery], verdicts: &[Verdict]) -> Result<(), BrokerError> {
    for (raw, _done) in window.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Verdict::Done) {
        within(ACK_LIMIT, raw.ack(BasicAckOptions::default())).await?;
    }
    Ok(())
}

/// A message that goes to wait or to rest.
struct Farewell<'a> {
    raw: &'a Delivery,
    exchange: &'static str,
    routing_key: String,
    attempt: u32,
    error: &'a str,
}

fn farewell<'a>(queue: Queue, ladder: &RetryLadder, raw: &'a Delivery, verdict: &'a Verdict) -> Option<Farewell<'a>> {
    let attempt = attempt(raw);
    let (exchange, routing_key, error) = match verdict {
        Verdict::Done => return None,
        Verdict::Poison(error) => (topology::DEAD, queue.to_string(), error),
        Verdict::Retry(error) => match ladder.wait_queue(queue, attempt) {
            Some(wait_queue) => (topology::RETRY, wait_queue, error),
            None => (topology::DEAD, queue.to_string(), error),
        },
    };
    report(queue, raw, attempt, exchange, &without_values(error));
    Some(Farewell { raw, exchange, routing_key, attempt: attempt.saturating_add(1), error })
}

impl Farewell<'_> {
    /// Headers are made anew: copied `x-death` headers make RabbitMQ 3.10 drop messages on their way round.
    fn publication(&self) -> Publication<'_> {
        let end = self.error.floor_char_boundary(ERROR_BYTES_MAX);
        let mut headers = FieldTable::default();
        headers.insert(ATTEMPT_HEADER.into(), AMQPValue::LongUInt(self.attempt));
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
