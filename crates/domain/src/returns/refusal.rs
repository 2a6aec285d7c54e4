//! Why a return is not requested, counted or changed.

use super::condition::Condition;
use super::status::ReturnStatus;
use crate::Timestamp;

/// Why units can't be returned. Nothing is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReturnRefusal {
    #[error("the order has no line {0}")]
    UnknownLine(i16),
    #[error("line {0} appears more than once")]
    RepeatedLine(i16),
    #[error("nothing of line {0} is delivered yet")]
    NotDelivered(i16),
    #[error("line {line_no} was delivered at {}, and could be returned until {}", .delivered_at.to_rfc3339(), .until.to_rfc3339())]
    TooLate { line_no: i16, delivered_at: Timestamp, until: Timestamp },
    #[error("{requested} units of line {line_no} were requested, {left} are delivered and in no other return")]
    TooManyUnits { line_no: i16, requested: i64, left: i64 },
    #[error("the order has {0} returns; more can't be requested")]
    TooManyReturns(usize),
}

/// Why a count is refused. Nothing is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountRefusal {
    #[error("the return has no line {0}")]
    UnknownLine(i16),
    #[error("line {line_no} has two entries of condition {condition}")]
    Repeated { line_no: i16, condition: Condition },
    #[error("missing units of line {0} can't be refunded")]
    MissingRefunded(i16),
    #[error(
        "line {line_no} has {expected} units in the return, {counted} are counted; count all, also the missing ones"
    )]
    Different { line_no: i16, expected: i64, counted: i64 },
}

crate::string_enum! {
    /// What a person does with a return.
    pub enum ReturnTransitionName {
        Approve,
        Decline,
        Cancel,
        Receive,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{transition}` is not possible while the return is `{from}`")]
pub struct InvalidReturnTransition {
    pub transition: ReturnTransitionName,
    pub from: ReturnStatus,
}
