//! The result of an input to a return: its new state, the entries to record and the commands to send.

use super::entry::ReturnEntry;
use super::state::Return;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTransition {
    pub to: Return,
    /// To be recorded in the timeline, in this sequence. Each raises the version by one.
    pub entries: Vec<ReturnEntry>,
    /// To be sent with the generation of the new state.
    pub commands: Vec<ReturnCommand>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnCommand {
    /// Adds the resellable units to the stock.
    Restock,
    /// Refunds what was received.
    Refund,
}

impl ReturnTransition {
    pub(super) const fn of(to: Return) -> Self {
        Self { to, entries: Vec::new(), commands: Vec::new() }
    }

    pub(super) fn record(mut self, entry: ReturnEntry) -> Self {
        match &entry {
            ReturnEntry::AttentionRaised { reason } => self.to.attention = Some(reason.clone()),
            ReturnEntry::AttentionCleared => self.to.attention = None,
            _ => {}
        }
        self.to.version += 1;
        self.entries.push(entry);
        self
    }

    /// Raises attention for a new reason, and clears it without one.
    pub(super) fn set_attention(self, reason: Option<String>) -> Self {
        match reason {
            Some(reason) if self.to.attention.as_ref() != Some(&reason) => {
                self.record(ReturnEntry::AttentionRaised { reason })
            }
            None if self.to.attention.is_some() => self.record(ReturnEntry::AttentionCleared),
            Some(_) | None => self,
        }
    }
}
