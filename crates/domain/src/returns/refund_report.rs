//! What payments report about the refund of a return.

use crate::ids::RefundId;
use crate::messages::Reply;
use crate::money::Money;
use crate::refund::RefundCause;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundReport {
    Refunded(Money),
    /// The gateway refused it; a person may request it again. `is_acknowledged` when a person has given it up.
    Refused {
        reason: String,
        is_acknowledged: bool,
    },
    /// The outcome can't be looked up any more; a person has to find out.
    Unresolved,
    /// Nothing was left to refund, so there is no refund.
    NothingLeft,
    /// Not requested from the gateway, and possible later.
    NotPossible {
        reason: String,
    },
}

impl RefundReport {
    /// The refund that `reply` is about, and what it reports.
    pub fn of(reply: &Reply) -> Option<(RefundId, Self)> {
        let refund = |cause: &String| Some(cause.parse::<RefundCause>().ok()?.refund);
        Some(match reply {
            Reply::PaymentRefunded(reply) => (refund(&reply.cause)?, Self::Refunded(reply.amount)),
            Reply::PaymentRefundRefused(reply) => {
                let (reason, is_acknowledged) = (reply.reason.clone(), reply.is_acknowledged);
                (refund(&reply.cause)?, Self::Refused { reason, is_acknowledged })
            }
            Reply::PaymentRefundUnresolved(reply) => (refund(&reply.cause)?, Self::Unresolved),
            Reply::PaymentRefundLinesRefused(reply) if reply.is_final => (reply.refund_id, Self::NothingLeft),
            Reply::PaymentRefundLinesRefused(reply) => {
                (reply.refund_id, Self::NotPossible { reason: reply.reason.clone() })
            }
            _ => return None,
        })
    }
}
