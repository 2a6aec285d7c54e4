//! Turns a transition of a return into rows and messages, in the same way for requests, replies and deadlines.

use super::messages;
use crate::return_model::ReturnChange;
use domain::Timestamp;
use domain::ids::MessageId;
use domain::order::order_request::Note;
use domain::refund::Refundable;
use domain::returns::{ReturnCommand, ReturnTransition};
use domain::saga::TimeScale;
use messaging::{Outgoing, Trace};

/// Why a return changes.
pub(super) struct ReturnCause {
    pub message_id: Option<MessageId>,
    pub actor: Option<String>,
    pub decision_note: Option<Note>,
    /// The trace of the messages that the change sends.
    pub trace: Trace,
}

/// Everything that a transition needs besides itself.
pub(super) struct Surroundings {
    /// The order for the refund; `None` if no refund can be requested now.
    pub refundable: Option<Refundable>,
    pub time_scale: TimeScale,
    pub now: Timestamp,
}

pub(super) fn apply(
    version_before: i32,
    transition: ReturnTransition,
    cause: ReturnCause,
    Surroundings { refundable, time_scale, now }: &Surroundings,
) -> (ReturnChange, Vec<Outgoing>) {
    let (to, now) = (&transition.to, *now);
    let trace = || cause.trace.clone();
    let command = |command: &ReturnCommand| match command {
        ReturnCommand::Restock => Some(messages::restock(to, to.warehouse_id?, trace(), now)),
        ReturnCommand::Refund => Some(messages::refund(to, refundable.clone()?, trace(), now)),
    };
    let commands = transition.commands.iter().filter_map(command);
    let events = transition.entries.iter().filter_map(|entry| messages::event(to, entry, trace(), now));
    let outgoing = commands.chain(events).collect();
    let deadline_at = to.deadline(*time_scale, now);
    let ReturnCause { message_id, actor, decision_note, .. } = cause;
    (ReturnChange { transition, version_before, deadline_at, cause: message_id, actor, decision_note }, outgoing)
}
