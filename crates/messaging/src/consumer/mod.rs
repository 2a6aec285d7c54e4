//! The consumer: receives what is ready in a queue, has a slice handle it as one batch, and acks it.
//!
//! The path of a delivery: [`session`] waits for the first one and for a permit of the [`concurrency`] limiter; the
//! channel ([`crate::broker`]) collects all that are ready; [`decode`] parses them; [`batch`] splits them into rounds
//! of at most one message per order; [`strategy`] and [`two_transactions`] process each round in transactions; [`calls`]
//! makes the calls to providers, within the limits of their [bulkheads](crate::bulkhead); [`isolate`] finds the message
//! that makes a batch fail; [`acknowledge`] publishes failed messages to a retry queue or to the dead queue, and acks
//! everything that has a verdict, after the commit.

mod acknowledge;
mod batch;
mod calls;
mod concurrency;
mod decode;
mod isolate;
mod session;
mod strategy;
mod two_transactions;
mod unacked;

pub use concurrency::{BatchLimiter, BatchPermit};
pub use session::{ConsumerSettings, run};
pub use strategy::{BatchHandler, OneTransaction};
pub use two_transactions::TwoTransactions;
