//! The consumer: takes what waits in a queue, has a slice handle it as one batch, and lets go of it.
//!
//! The way of a delivery: [`window`] takes all that is ready when it is its queue's [turn](turns); [`decode`] reads it; [`work`] and
//! [`around_provider`] carry out rounds of at most one message an order in transactions; [`calls`] makes the calls to
//! providers, as far as their [bulkheads](crate::bulkhead) allow; [`parts`] decides what a failure means; [`letting_go`]
//! publishes what is to be retried or buried, and acks what is decided, after everything is committed.

mod around_provider;
mod batch;
mod calls;
pub(crate) mod decode;
mod letting_go;
mod parts;
pub(crate) mod session;
mod turns;
mod unacked;
pub(crate) mod window;
mod work;

pub use around_provider::AroundProvider;
pub(crate) use letting_go::Tally;
pub use session::{ConsumerSettings, run};
pub use turns::{Turn, Turns};
pub use work::{InOneTransaction, Work};
