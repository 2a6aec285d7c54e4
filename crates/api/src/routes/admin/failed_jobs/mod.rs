//! Failed jobs, which are messages from a dead letter queue: list, show, replay, discard.

pub mod discard;
pub mod find;
mod job;
pub mod list;
pub mod replay;
