//! Dead letters: the messages that no consumer could handle. They wait in a dead queue until they are stored.
//!
//! [`drain()`] consumes a dead queue and passes its messages to a [`DeadLetterSink`]. A dead letter is acked after it
//! was stored, so none is lost, and one may be stored twice. [`replay()`] publishes one again to the queue that it came
//! from.

mod dead_letter;
mod drain;
mod replay;

pub use dead_letter::DeadLetter;
pub use drain::{DeadLetterSink, drain};
pub use replay::{NotText, replay};
