//! The statuses of a refund, and the legal transitions between them as one table.

use crate::applied::Applied;

crate::string_enum! {
    pub enum RefundStatus {
        /// The gateway is about to be called.
        Pending,
        Succeeded,
        /// The gateway declined, or a person found out that it was never executed. Its amount can be refunded again.
        Refused,
        /// The gateway may have executed it. It is looked up later.
        Unknown,
        /// Nobody can look it up any more: a person has to find out.
        ManualReview,
    }
}

crate::string_enum! {
    pub enum RefundTransition {
        /// The gateway reports success, at once or when it is looked up.
        Succeed,
        Refuse,
        /// The response was lost.
        LoseResponse,
        /// The gateway may have dropped the key.
        Expire,
        /// A person resolves it.
        Resolve,
        /// A refused refund is requested again, under another key.
        Retry,
    }
}

crate::string_enum! {
    /// What a person found out about a refund.
    pub enum RefundResolution {
        Succeeded,
        Refused,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{transition}` is not possible while the refund is `{from}`")]
pub struct InvalidRefundTransition {
    pub transition: RefundTransition,
    pub from: RefundStatus,
}

impl RefundStatus {
    /// Whether its amount counts as refunded. A lost response counts: the gateway may have executed the refund.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Refused)
    }

    /// THE TABLE. A gateway's report is true even when it is late, so success is recorded from every status.
    pub const fn apply(self, transition: RefundTransition) -> Result<Applied<Self>, InvalidRefundTransition> {
        use RefundStatus::{ManualReview, Pending, Refused, Succeeded, Unknown};
        Ok(match (self, transition) {
            (Pending | Unknown | ManualReview | Refused, RefundTransition::Succeed) => Applied::Changed(Succeeded),
            (Pending | Unknown | ManualReview, RefundTransition::Refuse) => Applied::Changed(Refused),
            (Pending, RefundTransition::LoseResponse) => Applied::Changed(Unknown),
            (Pending | Unknown, RefundTransition::Expire) => Applied::Changed(ManualReview),
            (Refused, RefundTransition::Retry) => Applied::Changed(Pending),
            (Succeeded, RefundTransition::Succeed | RefundTransition::LoseResponse | RefundTransition::Expire)
            | (Refused, RefundTransition::Refuse | RefundTransition::LoseResponse | RefundTransition::Expire)
            | (Unknown, RefundTransition::LoseResponse)
            | (ManualReview, RefundTransition::LoseResponse | RefundTransition::Expire) => Applied::Unchanged,
            (from, transition) => return Err(InvalidRefundTransition { transition, from }),
        })
    }

    /// What a person found out. Only when nobody can look it up any more; a refused refund can be acknowledged.
    pub const fn resolve(self, resolution: RefundResolution) -> Result<Applied<Self>, InvalidRefundTransition> {
        match (self, resolution) {
            (Self::ManualReview, RefundResolution::Succeeded) => Ok(Applied::Changed(Self::Succeeded)),
            (Self::ManualReview, RefundResolution::Refused) => Ok(Applied::Changed(Self::Refused)),
            (Self::Refused, RefundResolution::Refused) => Ok(Applied::Unchanged),
            (from, _) => Err(InvalidRefundTransition { transition: RefundTransition::Resolve, from }),
        }
    }
}
