//! The consumer: takes what waits in a queue, has a slice handle it as one batch, and lets go of it.
//!
//! The way of a delivery: [`window`] takes all that is ready when it is its queue's [turn](turns); [`decode`] reads it; [`work`] and
//! [`around_provider`] carry out rounds of at most one message an order in transactions; [`calls`] makes the calls to
//! providers, as far as their [bulkheads](crate::bulkhead) allow; [`parts`] decides what a failure means; [`letting_go`]
//! publishes what is to be retried or buried, and acks what is decided, after everything is committed.

mod acknowledge;
mod batch;
mod calls;
mod concurrency;
pub(crate) mod decode;
mod isolate;
pub(crate) mod receive;
pub(crate) mod session;
mod strategy;
mod two_transactions;
mod unacked;

pub(crate) use acknowledge::Tally;
pub use concurrency::{Turn, Turns};
pub use session::{ConsumerSettings, run};
pub use strategy::{InOneTransaction, Work};
pub use two_transactions::AroundProvider;
