//! Refunds of captured amounts. A request locks the payment, so that concurrent requests never exceed what was captured,
//! and stores the refund with its operation and its command. The command is handled as any other: see
//! [`crate::settle`].

mod complete;
mod error;
mod find;
mod list;
mod locked;
mod outcome;
mod repeat;
mod request;
mod request_lines;
mod resolve;
mod retry;

pub(crate) use complete::complete_refunds;
pub use error::RefundError;
pub use find::{find_refunds, preview_refund, preview_return};
pub use list::list_refunds;
pub(crate) use outcome::{RefundsOfBatch, unresolved};
pub(crate) use repeat::repeat_outcomes;
pub use request::{RefundRequest, request_refund};
pub(crate) use request_lines::request_lines;
pub use resolve::{ResolveRefund, resolve_refund};
pub use retry::{RetryRefund, retry_refund};
