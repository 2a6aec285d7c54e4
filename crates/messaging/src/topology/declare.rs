//! Declares a part of the topology. Cheap when it exists already.

use super::{COMMANDS, DEAD, EVENTS, EXCHANGES, QueueRow, RETRY, RetrySchedule, dead_row, retry_row, work_row};
use domain::messages::Queue;
use lapin::Channel;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use std::fmt;
use strum::IntoEnumIterator;

/// The queues and exchanges that are declared together: those that one consumer needs. So a queue that can't be
/// declared, because it exists with other arguments, stops only its own consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A work queue, its retry queues and its dead queue, with their bindings.
    Queue(Queue),
    /// A dead queue alone.
    DeadQueue(Queue),
    /// The exchange for events.
    Events,
}

impl Scope {
    /// The scopes that make up the whole topology.
    pub fn all() -> impl Iterator<Item = Self> {
        Queue::iter().map(Self::Queue).chain([Self::Events])
    }

    fn exchanges(self) -> &'static [&'static str] {
        match self {
            Self::Queue(_) => &[COMMANDS, RETRY, DEAD],
            Self::DeadQueue(_) => &[DEAD],
            Self::Events => &[EVENTS],
        }
    }

    /// The dead queue is declared first: a queue must not dead-letter to a missing queue.
    fn rows(self, schedule: &RetrySchedule) -> Vec<QueueRow> {
        match self {
            Self::Queue(queue) => {
                let retry_rows = schedule.delays_ms.map(|delay_ms| retry_row(queue, delay_ms));
                [dead_row(queue), work_row(queue)].into_iter().chain(retry_rows).collect()
            }
            Self::DeadQueue(queue) => vec![dead_row(queue)],
            Self::Events => Vec::new(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(queue) => write!(f, "queue {queue}"),
            Self::DeadQueue(queue) => write!(f, "dead queue of {queue}"),
            Self::Events => write!(f, "exchange {EVENTS}"),
        }
    }
}

/// Declares the queues and exchanges of `scope`. The broker closes the channel when one exists with other arguments.
pub async fn declare(channel: &Channel, scope: Scope, schedule: &RetrySchedule) -> Result<(), lapin::Error> {
    for (name, kind) in EXCHANGES.into_iter().filter(|(name, _)| scope.exchanges().contains(name)) {
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        channel.exchange_declare(name.into(), kind, durable, FieldTable::default()).await?;
    }
    for row in scope.rows(schedule) {
        declare_queue(channel, row).await?;
    }
    Ok(())
}

async fn declare_queue(channel: &Channel, row: QueueRow) -> Result<(), lapin::Error> {
    let mut arguments = FieldTable::default();
    for (name, value) in row.arguments {
        arguments.insert(name.into(), value);
    }
    channel.queue_declare(row.name.as_str().into(), QueueDeclareOptions::durable(), arguments).await?;
    let (name, exchange, key) = (row.name.into(), row.exchange.into(), row.routing_key.into());
    channel.queue_bind(name, exchange, key, QueueBindOptions::default(), FieldTable::default()).await
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use super::*;

    #[test]
    fn the_scopes_together_make_up_the_whole_topology() {
        let schedule = RetrySchedule::default();
        let names = |rows: Vec<QueueRow>| {
            let mut names: Vec<_> = rows.into_iter().map(|row| row.name).collect();
            names.sort_unstable();
            names
        };

        let scoped = Scope::all().flat_map(|scope| scope.rows(&schedule)).collect();

        assert_eq!(names(scoped), names(rows(&schedule)));
        assert!(EXCHANGES.iter().all(|(name, _)| Scope::all().any(|scope| scope.exchanges().contains(name))));
    }
}
