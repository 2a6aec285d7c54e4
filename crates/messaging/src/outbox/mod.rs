//! Outbox: what is to be said is stored with the fact that it tells, and published afterwards.

mod append;
mod relay;
mod stalled;
mod store;

pub use append::append;
pub use relay::{Waker, run};
pub use stalled::is_stalled;
