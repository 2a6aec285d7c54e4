//! The cause of a refund command: which refund, and which attempt of it.

use crate::ids::RefundId;
use std::fmt;
use std::str::FromStr;

/// Written `<refund>` for the first attempt and `<refund>/<attempt>` for a later one. The provider key is derived from
/// it: a gateway declines for good under one key, so a later attempt needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundCause {
    pub refund: RefundId,
    /// Counted from one.
    pub attempt: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cause names no refund")]
pub struct BadRefundCause;

impl fmt::Display for RefundCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempt {
            1 => write!(f, "{}", self.refund),
            later => write!(f, "{}/{later}", self.refund),
        }
    }
}

impl FromStr for RefundCause {
    type Err = BadRefundCause;

    fn from_str(text: &str) -> Result<Self, BadRefundCause> {
        let (refund, attempt) = text.split_once('/').unwrap_or((text, "1"));
        let refund = refund.parse().map_err(|_no_id| BadRefundCause)?;
        let attempt = attempt.parse().ok().filter(|attempt| *attempt > 0).ok_or(BadRefundCause)?;
        Ok(Self { refund, attempt })
    }
}
