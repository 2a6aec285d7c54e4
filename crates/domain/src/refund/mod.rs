//! Refunds: what may be refunded of an order, and how much of each line that is.
//!
//! A refund has a row of its own beside the gateway operation that executes it: [`RefundQuote`] decides its amounts,
//! [`RefundStatus`] follows the operation, and [`RefundCause`] names it in messages.

/// Maximum number of refunds of one order, refused ones included.
pub const REFUNDS_MAX: usize = 100;

mod cause;
pub(crate) mod line_share;
mod quote;
mod reason;
mod refusal;
mod scope;
mod status;

pub use cause::{BadRefundCause, RefundCause};
pub use quote::{EarlierLineRefunds, EarlierRefunds, RefundQuote, Refundable, RefundableLine, RefundedLine};
pub use reason::RefundReason;
pub use refusal::RefundRefusal;
pub use scope::{LineUnits, RefundScope, RefundScopeKind};
pub use status::{InvalidRefundTransition, RefundResolution, RefundStatus, RefundTransition};
