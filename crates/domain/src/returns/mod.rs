//! Returns: a customer sends delivered units back.
//!
//! A return holds lines of one vendor, who decides on it. [`Return`] is its state machine: it is requested, approved,
//! received and counted; then the resellable units are restocked, what was received is refunded, and it closes. Each
//! input consumes the return and gives a [`ReturnTransition`]. [`check_request`] decides what may be requested.

/// How many returns can be requested of an order.
pub const RETURNS_MAX: usize = 100;

mod condition;
mod counts;
mod decisions;
mod entry;
mod lines;
mod process;
mod refund_report;
mod refusal;
mod returnable;
mod settling;
mod state;
mod status;
mod transition;

pub use crate::return_reason::ReturnReason;
pub use condition::{Condition, CountedUnits};
pub use counts::check_counts;
pub use entry::{ReturnEntry, ReturnEntryKind};
pub use lines::ReturnLine;
pub use refund_report::RefundReport;
pub use refusal::{CountRefusal, InvalidReturnTransition, ReturnRefusal, ReturnTransitionName};
pub use returnable::{RequestedReturn, ReturnableLine, check_request};
pub use settling::{Restocking, ReturnRefund, ReturnRefundStatus, Settled, Settling};
pub use state::{NewReturn, Return, ReturnState};
pub use status::ReturnStatus;
pub use transition::{ReturnCommand, ReturnTransition};
