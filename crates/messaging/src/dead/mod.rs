//! Dead queues: what nobody could handle rests there until somebody keeps it for good, and lets go of it then.
//!
//! [`drain()`] takes letters out of a dead queue and hands them to a [`Keep`]; a letter is acked after it was kept, so
//! none is lost, and one may be handed over twice. [`replay()`] sends one back to the queue that it died in.

mod drain;
mod letter;
mod replay;

pub use drain::{Keep, drain};
pub use letter::DeadLetter;
pub(crate) use letter::message_id;
pub use replay::{NotText, replay};
