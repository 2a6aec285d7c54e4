//! Dead queues: what nobody could handle rests there until somebody keeps it for good, and lets go of it then.
//!
//! [`drain()`] takes letters out of a dead queue and hands them to a [`Keep`]; a letter is acked after it was kept, so
//! none is lost, and one may be handed over twice. [`replay()`] sends one back to the queue that it died in.

mod dead_letter;
mod drain;
mod replay;

pub use dead_letter::DeadLetter;
pub(crate) use dead_letter::message_id;
pub use drain::{Keep, drain};
pub use replay::{NotText, replay};
