//! Maps the errors of payments to problems.

use super::text::invalid;
use super::{Kind, Problem};
use domain::refund::RefundRefusal;
use payments::{PaymentsError, RefundError};

impl From<PaymentsError> for Problem {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::Database(error) => error.into(),
            PaymentsError::Inconsistent(error) => Self::internal(error),
        }
    }
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::NotFound => Self::not_found("refund"),
            RefundError::Refused(refusal) => refusal.into(),
            RefundError::Payment(refusal) => Self::new(Kind::InvalidState, RefundError::Payment(refusal).to_string()),
            RefundError::Status(error) => Self::new(Kind::InvalidState, error.to_string()),
            RefundError::Payments(error) => error.into(),
        }
    }
}

impl From<RefundRefusal> for Problem {
    fn from(refusal: RefundRefusal) -> Self {
        let about = |kind, name: &str| Self::about(kind, &format!("/{name}"), invalid(name, refusal));
        match refusal {
            RefundRefusal::CaptureNotRecorded | RefundRefusal::NothingLeft | RefundRefusal::TooManyRefunds(_) => {
                Self::new(Kind::InvalidState, refusal.to_string())
            }
            RefundRefusal::NothingToRefund | RefundRefusal::UnknownLine(_) | RefundRefusal::RepeatedLine(_) => {
                about(Kind::Validation, "lines")
            }
            RefundRefusal::TooManyUnits { .. } => about(Kind::RefundTooLarge, "lines"),
            RefundRefusal::TooMuch { .. } => about(Kind::RefundTooLarge, "amount_minor"),
        }
    }
}
