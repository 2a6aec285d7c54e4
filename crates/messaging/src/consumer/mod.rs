//! The consumer: takes what waits in a queue, has a slice handle it as one batch, and lets go of it.
//!
//! The way of a delivery: [`window`] takes all that is ready when it is its queue's [turn](turns); [`decode`] reads it; [`work`] carries out rounds of at
//! most one message an order in transactions; [`parts`] decides what a failure means; [`letting_go`] publishes what is
//! to be retried or buried, and acks the whole window at once, after everything is committed.

mod batch;
pub(crate) mod decode;
mod letting_go;
mod parts;
pub(crate) mod session;
mod turns;
pub(crate) mod window;
mod work;

pub(crate) use letting_go::Tally;
pub use session::{ConsumerSettings, run};
pub use turns::{Turn, Turns};
pub use work::{AroundProvider, InOneTransaction, Work};
