//! The result of moving a saga: its new state, the commands to send and the timeline entries to record.

use super::command::{Command, NumberedCommand};
use super::order_saga::OrderSaga;
use crate::order::TimelineEntry;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub saga: OrderSaga,
    /// To be sent.
    pub commands: Vec<NumberedCommand>,
    /// To be recorded in the order's timeline, in this sequence.
    pub entries: Vec<TimelineEntry>,
}

impl Transition {
    pub(super) fn of(saga: OrderSaga) -> Self {
        Self { saga, commands: Vec::new(), entries: Vec::new() }
    }

    pub(super) fn record(mut self, entry: TimelineEntry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Records `entries` before those that are recorded already.
    pub(super) fn record_first(mut self, entries: impl IntoIterator<Item = TimelineEntry>) -> Self {
        self.entries.splice(0..0, entries);
        self
    }

    pub(super) fn send(mut self, command: Command) -> Self {
        self.saga.generation += 1;
        self.saga.resends = 0;
        self.commands.push(NumberedCommand { generation: self.saga.generation, command });
        self
    }
}
