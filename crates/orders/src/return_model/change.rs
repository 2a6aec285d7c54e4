//! The change of a return before it is saved.

use domain::Timestamp;
use domain::ids::MessageId;
use domain::order::order_request::Note;
use domain::returns::{ReturnEntry, ReturnTransition};

#[derive(Debug, Clone)]
pub struct ReturnChange {
    pub transition: ReturnTransition,
    pub version_before: i32,
    pub deadline_at: Option<Timestamp>,
    /// The message that caused it, if one did.
    pub cause: Option<MessageId>,
    /// The actor that caused it, if one did.
    pub actor: Option<String>,
    /// What the vendor writes about the decision.
    pub decision_note: Option<Note>,
}

impl ReturnChange {
    /// The new timeline entries with the version of the return after each.
    pub fn entries(&self) -> impl Iterator<Item = (i32, &ReturnEntry)> {
        // After the entries, so that the first number follows the version before.
        (self.version_before + 1..).zip(&self.transition.entries)
    }

    /// Whether the return was received by this change.
    pub fn is_counted(&self) -> bool {
        self.transition.entries.iter().any(|entry| matches!(entry, ReturnEntry::Received { .. }))
    }
}
