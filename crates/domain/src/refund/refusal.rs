//! Why a refund is refused before the gateway is called.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    #[error("nothing of the order is captured, or all of it is refunded")]
    NothingLeft,
    /// The reply to a capture has not reached the order: retry in a moment.
    #[error("an amount has just been captured, and the order has not recorded it yet; retry in a moment")]
    CaptureNotRecorded,
    #[error("the order has {0} refunds, refused ones included; more are not possible")]
    TooManyRefunds(usize),
    #[error("the amount of these units is 0")]
    NothingToRefund,
    #[error("the order has no line {0}")]
    UnknownLine(i16),
    #[error("line {0} appears more than once")]
    RepeatedLine(i16),
    #[error("{requested} units of line {line_no} were requested, {left} are captured and not refunded")]
    TooManyUnits { line_no: i16, requested: i64, left: i64 },
    #[error("{requested} was requested, {left} is captured and not refunded")]
    TooMuch { requested: i64, left: i64 },
}
