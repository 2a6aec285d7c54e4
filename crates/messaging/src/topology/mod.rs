//! The broker topology: all exchanges, queues and bindings as one table, which [`declare()`] applies. A consumer
//! declares the rows of its own queue with each session, and a relay declares all of them with each channel, so deleted
//! queues are recreated automatically.
//!
//! The arguments work on RabbitMQ 3.10 and 4.x. They are immutable: a change needs a new queue name, or an operator who
//! deletes the queue. That loses nothing: the scheduler task `wake_stalled_sagas` sends lost commands again.

mod declare;

pub use declare::{Scope, declare};

use domain::ids::MessageId;
use domain::messages::{Address, Queue};
use lapin::ExchangeKind;
use lapin::types::AMQPValue;
use strum::IntoEnumIterator;

/// For commands and replies; the routing key is `<queue>.<subject>`. Each message must reach a queue.
pub const COMMANDS: &str = "orderflow.commands";
/// For events; the routing key is the subject. An event may have no subscriber.
pub const EVENTS: &str = "orderflow.events";
/// To a retry queue; the routing key is its name.
pub const RETRY: &str = "orderflow.retry";
/// To a dead queue; the routing key is the work queue that the message failed in.
pub const DEAD: &str = "orderflow.dead";

/// How often a message has failed. We count ourselves because the broker's counts differ between versions.
pub const ATTEMPT_HEADER: &str = "x-attempt";
/// The error of the last failure.
pub const ERROR_HEADER: &str = "x-error";

const EXCHANGES: [(&str, ExchangeKind); 4] = [
    (COMMANDS, ExchangeKind::Topic),
    (EVENTS, ExchangeKind::Topic),
    (RETRY, ExchangeKind::Direct),
    (DEAD, ExchangeKind::Direct),
];

/// How long a failed message waits before it is retried, by the number of failures. Longer delays are saga deadlines in
/// Postgres.
const RETRY_DELAYS_MS: [u32; 5] = [1_000, 5_000, 30_000, 120_000, 600_000];

/// Deliveries of one message before the broker itself dead-letters it. Far above our own number of attempts, because a
/// process that dies uses up one delivery of every message in its prefetch window.
const DELIVERY_LIMIT: i32 = 50;

/// The delays between attempts, as scaled for this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySchedule {
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

impl RetrySchedule {
    /// `percent` of the default delays, at least 1 ms each.
    pub fn scaled(percent: u32) -> Self {
        Self { delays_ms: RETRY_DELAYS_MS.map(|delay_ms| (delay_ms / 100 * percent).max(1)) }
    }

    /// The retry queue for a message of `queue` that failed `attempts` times before, and how long it waits there in
    /// milliseconds; `None` when no attempts are left.
    pub fn retry(&self, queue: Queue, attempts: u32, id: MessageId) -> Option<(String, u32)> {
        let delay_ms = *self.delays_ms.get(usize::try_from(attempts).ok()?)?;
        Some((retry_queue_name(queue, delay_ms), jittered(delay_ms, id)))
    }
}

impl Default for RetrySchedule {
    fn default() -> Self {
        Self::scaled(100)
    }
}

/// Between three quarters of the delay and all of it, so that messages that failed together are not retried together.
/// Derived from the id, which is a hash. RabbitMQ expires a message at the head of its queue only, so the delay may
/// grow up to that of the queue.
fn jittered(delay_ms: u32, id: MessageId) -> u32 {
    let share = u32::from(id.as_uuid().as_bytes()[15]);
    (delay_ms - delay_ms / 4 * share / 255).max(1)
}

/// The exchange and the routing key of a message.
pub fn route(address: Address, type_name: &str) -> (&'static str, String) {
    let subject = type_name.rsplit_once(".v").map_or(type_name, |(subject, _version)| subject);
    match address {
        Address::Queue(queue) => (COMMANDS, format!("{queue}.{subject}")),
        Address::Topic => (EVENTS, subject.to_owned()),
    }
}

/// The queue and the routing key of the first command of every saga.
pub const FIRST_SAGA_COMMAND: (Queue, &str) = (Queue::Inventory, "inventory.inventory.reserve");
/// The routing keys of a new order's messages. The relay defers them while the inventory queue is longer than
/// `FIRST_COMMANDS_MAX` (`outbox::relay`): more commands there would only fill prefetch windows and the broker's
/// memory. `order.created` is deferred together with the command, so that a flood of orders costs only outbox rows, and
/// subscribers learn of an order when its saga begins. **Keep in step** with the SQL in `outbox::store` and with the
/// index `outbox_not_deferrable`, which name the same keys.
pub const DEFERRABLE_ROUTING_KEYS: [&str; 2] = [FIRST_SAGA_COMMAND.1, "order.created"];

/// The name of the dead queue: it holds the messages of `queue` that no consumer could handle.
pub fn dead_queue(queue: Queue) -> String {
    format!("{queue}.dead")
}

fn retry_queue_name(queue: Queue, delay_ms: u32) -> String {
    format!("{queue}.retry.{delay_ms}")
}

/// All queues of the topology: work queues, retry queues, dead queues.
pub fn queue_names(schedule: &RetrySchedule) -> Vec<String> {
    let work = Queue::iter().map(|queue| queue.to_string());
    let retry = Queue::iter().flat_map(|queue| schedule.delays_ms.map(|delay_ms| retry_queue_name(queue, delay_ms)));
    work.chain(retry).chain(Queue::iter().map(dead_queue)).collect()
}

/// The dead queues come first: a queue must not dead-letter to a missing queue.
fn rows(schedule: &RetrySchedule) -> Vec<QueueRow> {
    let dead = Queue::iter().map(dead_row);
    let work = Queue::iter().map(work_row);
    let retry = Queue::iter().flat_map(|queue| schedule.delays_ms.map(|delay_ms| retry_row(queue, delay_ms)));
    dead.chain(work).chain(retry).collect()
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

/// One retry queue per delay: the broker expires messages at the head of a queue only, so a message behind one with a
/// longer delay would wait as long.
fn retry_row(queue: Queue, delay_ms: u32) -> QueueRow {
    let name = retry_queue_name(queue, delay_ms);
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

/// At-least-once dead-lettering requires `reject-publish`; without a length limit it never rejects.
fn quorum() -> Vec<(&'static str, AMQPValue)> {
    vec![("x-queue-type", text("quorum")), ("x-overflow", text("reject-publish"))]
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// The whole topology as text, one line per exchange and queue, for the snapshot test that shows changes in review.
pub fn describe(schedule: &RetrySchedule) -> String {
    let exchanges = EXCHANGES.iter().map(|(name, kind)| format!("exchange {name} {kind:?}"));
    let queues = rows(schedule).into_iter().map(|row| {
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
    use uuid::Uuid;

    #[test]
    fn a_message_passes_through_all_retry_queues_and_then_has_no_attempts_left() {
        let retry = |schedule: RetrySchedule, queue, attempts| {
            schedule.retry(queue, attempts, MessageId::from_uuid(Uuid::nil())).map(|(queue, _delay_ms)| queue)
        };
        let schedule = RetrySchedule::default();
        assert_eq!(retry(schedule, Queue::Payments, 0).as_deref(), Some("payments.retry.1000"));
        assert_eq!(retry(schedule, Queue::Payments, 4).as_deref(), Some("payments.retry.600000"));
        assert_eq!(retry(schedule, Queue::Payments, 5), None);
        assert_eq!(retry(RetrySchedule::scaled(1), Queue::Orders, 0).as_deref(), Some("orders.retry.10"));
    }

    #[test]
    fn messages_that_failed_together_are_retried_at_different_times() {
        let delay_of = |id: u128| {
            let retry = RetrySchedule::default().retry(Queue::Orders, 1, MessageId::from_uuid(Uuid::from_u128(id)));
            retry.expect("an attempt is left").1
        };

        assert_eq!((delay_of(0), delay_of(255)), (5_000, 3_750));
        assert!((0..=255).map(delay_of).collect::<std::collections::BTreeSet<_>>().len() > 200);
    }

    #[test]
    fn a_message_type_is_routed_by_its_subject_without_the_version() {
        assert_eq!(
            route(Address::Queue(Queue::Orders), "inventory.reserved.v1"),
            (COMMANDS, "orders.inventory.reserved".into())
        );
        assert_eq!(route(Address::Topic, "order.created.v2"), (EVENTS, "order.created".into()));
    }

    #[test]
    fn the_deferrable_routing_keys_are_those_of_a_new_order() {
        let (queue, key) = FIRST_SAGA_COMMAND;
        assert_eq!(route(Address::Queue(queue), "inventory.reserve.v1"), (COMMANDS, key.into()));
        assert_eq!(route(Address::Topic, "order.created.v1"), (EVENTS, DEFERRABLE_ROUTING_KEYS[1].into()));
    }
}
