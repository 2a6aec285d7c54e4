//! Everything that we have on the broker, as one table; [`declare`] walks it. A consumer declares the rows of its own
//! queue with each session, a relay declares all of them with each channel, so whatever was deleted comes back by itself.
//!
//! The same arguments hold on RabbitMQ 3.10 and 4.x. Each is immutable: a change here needs a new name or an operator
//! who deletes the queue, which loses nothing (the sweeper asks again for whatever was in it).

mod declare;

pub use declare::{Scope, declare};

use domain::messages::{Address, Queue};
use lapin::ExchangeKind;
use lapin::types::AMQPValue;
use strum::IntoEnumIterator;

/// Commands and replies: routing key `<queue>.<subject>`; each must find its queue.
pub const COMMANDS: &str = "orderflow.commands";
/// Facts for whoever listens: routing key is the subject. May have no listener.
pub const EVENTS: &str = "orderflow.events";
/// To a wait queue: routing key is its name.
pub const RETRY: &str = "orderflow.retry";
/// To a dead queue: routing key is the queue that gave the message up.
pub const DEAD: &str = "orderflow.dead";

/// How often a message failed so far: ours, since the broker's own counts differ between versions.
pub const ATTEMPT_HEADER: &str = "x-attempt";
/// Why it failed the last time.
pub const ERROR_HEADER: &str = "x-error";

const EXCHANGES: [(&str, ExchangeKind); 4] = [
    (COMMANDS, ExchangeKind::Topic),
    (EVENTS, ExchangeKind::Topic),
    (RETRY, ExchangeKind::Direct),
    (DEAD, ExchangeKind::Direct),
];

/// How long a failed message waits before it is tried again, by how often it failed. What must wait longer than the
/// last waits in Postgres, as a saga's deadline.
const RETRY_DELAYS_MS: [u32; 5] = [1_000, 5_000, 30_000, 120_000, 600_000];

/// Deliveries of one message before the broker itself gives it up: far above our own count, since a process that dies
/// with a full window spends one for every innocent message in it.
const DELIVERY_LIMIT: i32 = 50;

/// The waits between attempts, as this installation scales them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryLadder {
    delays_ms: [u32; RETRY_DELAYS_MS.len()],
}

/// One queue with its arguments and its binding.
#[derive(Debug, Clone, PartialEq)]
struct QueueRow {
    name: String,
    exchange: &'static str,
    routing_key: String,
    arguments: Vec<(&'static str, AMQPValue)>,
}

impl RetryLadder {
    /// `percent` of the usual delays, at least 1 ms.
    pub fn scaled(percent: u32) -> Self {
        Self { delays_ms: RETRY_DELAYS_MS.map(|delay_ms| (delay_ms / 100 * percent).max(1)) }
    }

    /// The wait queue for a message of `queue` that failed `attempts` times before, or `None` when it has had them all.
    pub fn wait_queue(&self, queue: Queue, attempts: u32) -> Option<String> {
        let delay_ms = self.delays_ms.get(usize::try_from(attempts).ok()?)?;
        Some(wait_queue_name(queue, *delay_ms))
    }
}

impl Default for RetryLadder {
    fn default() -> Self {
        Self::scaled(100)
    }
}

/// Where a message goes: exchange and routing key.
pub fn route(address: Address, type_name: &str) -> (&'static str, String) {
    let subject = type_name.rsplit_once(".v").map_or(type_name, |(subject, _version)| subject);
    match address {
        Address::Queue(queue) => (COMMANDS, format!("{queue}.{subject}")),
        Address::Listeners => (EVENTS, subject.to_owned()),
    }
}

/// What a new order asks first, and of which queue.
pub const FIRST_STEP: (Queue, &str) = (Queue::Inventory, "inventory.inventory.reserve");
/// All that is said of a new order, by routing key. It waits in the outbox while so many first steps wait in their queue
/// that more would help nobody: they would fill every prefetch window, and the broker. The event waits with the step, so
/// that a flood of orders costs no more than their rows; nobody hears of an order long before it is begun. The index
/// `outbox_pressing`, and the claim that uses it (`outbox::store`), name these keys too.
pub const NEW_ORDER: [&str; 2] = [FIRST_STEP.1, "order.created"];

/// The name of the queue where messages of `queue` end that nobody could handle.
pub fn dead_queue(queue: Queue) -> String {
    format!("{queue}.dead")
}

fn wait_queue_name(queue: Queue, delay_ms: u32) -> String {
    format!("{queue}.retry.{delay_ms}")
}

/// Every queue of ours: work queues, wait queues, dead queues.
pub fn queue_names(ladder: &RetryLadder) -> Vec<String> {
    let work = Queue::iter().map(|queue| queue.to_string());
    let wait = Queue::iter().flat_map(|queue| ladder.delays_ms.map(|delay_ms| wait_queue_name(queue, delay_ms)));
    work.chain(wait).chain(Queue::iter().map(dead_queue)).collect()
}

/// The dead queues come first: a queue must not dead-letter into nothing.
fn rows(ladder: &RetryLadder) -> Vec<QueueRow> {
    let dead = Queue::iter().map(dead_row);
    let work = Queue::iter().map(work_row);
    let wait = Queue::iter().flat_map(|queue| ladder.delays_ms.map(|delay_ms| wait_row(queue, delay_ms)));
    dead.chain(work).chain(wait).collect()
}

fn work_row(queue: Queue) -> QueueRow {
    let mut arguments = quorum();
    arguments.extend([
        ("x-delivery-limit", AMQPValue::LongInt(DELIVERY_LIMIT)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-dead-letter-exchange", text(DEAD)),
        ("x-dead-letter-routing-key", text(&queue.to_string())),
    ]);
    QueueRow { name: queue.to_string(), exchange: COMMANDS, routing_key: format!("{queue}.#"), arguments }
}

/// One delay a queue: a message behind one that waits longer would wait as long.
fn wait_row(queue: Queue, delay_ms: u32) -> QueueRow {
    let name = wait_queue_name(queue, delay_ms);
    let mut arguments = quorum();
    arguments.extend([
        ("x-message-ttl", AMQPValue::LongUInt(delay_ms)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-dead-letter-exchange", text("")),
        ("x-dead-letter-routing-key", text(&queue.to_string())),
    ]);
    QueueRow { exchange: RETRY, routing_key: name.clone(), name, arguments }
}

fn dead_row(queue: Queue) -> QueueRow {
    QueueRow { name: dead_queue(queue), exchange: DEAD, routing_key: queue.to_string(), arguments: quorum() }
}

/// `reject-publish` is what at-least-once dead-lettering asks for; without a length limit it never rejects.
fn quorum() -> Vec<(&'static str, AMQPValue)> {
    vec![("x-queue-type", text("quorum")), ("x-overflow", text("reject-publish"))]
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// The whole topology as text, a line a queue: what the snapshot test compares, so that a change shows in review.
pub fn describe(ladder: &RetryLadder) -> String {
    let exchanges = EXCHANGES.iter().map(|(name, kind)| format!("exchange {name} {kind:?}"));
    let queues = rows(ladder).into_iter().map(|row| {
        let arguments: Vec<_> = row.arguments.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
        format!("queue {} <- {} {} [{}]", row.name, row.exchange, row.routing_key, arguments.join(" "))
    });
    exchanges.chain(queues).collect::<Vec<_>>().join("\n")
}

fn plain(value: &AMQPValue) -> String {
    match value {
        AMQPValue::LongString(text) => format!("'{text}'"),
        AMQPValue::LongInt(number) => number.to_string(),
        AMQPValue::LongUInt(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_climbs_the_ladder_and_then_has_had_it() {
        let ladder = RetryLadder::default();
        assert_eq!(ladder.wait_queue(Queue::Payments, 0).as_deref(), Some("payments.retry.1000"));
        assert_eq!(ladder.wait_queue(Queue::Payments, 4).as_deref(), Some("payments.retry.600000"));
        assert_eq!(ladder.wait_queue(Queue::Payments, 5), None);
        assert_eq!(RetryLadder::scaled(1).wait_queue(Queue::Orders, 0).as_deref(), Some("orders.retry.10"));
    }

    #[test]
    fn a_type_routes_by_its_subject_without_its_version() {
        assert_eq!(
            route(Address::Queue(Queue::Orders), "inventory.reserved.v1"),
            (COMMANDS, "orders.inventory.reserved".into())
        );
        assert_eq!(route(Address::Listeners, "order.created.v2"), (EVENTS, "order.created".into()));
    }

    #[test]
    fn the_first_step_is_to_ask_for_stock() {
        let (queue, key) = FIRST_STEP;
        assert_eq!(route(Address::Queue(queue), "inventory.reserve.v1"), (COMMANDS, key.into()));
        assert_eq!(route(Address::Listeners, "order.created.v1"), (EVENTS, NEW_ORDER[1].into()));
    }
}
