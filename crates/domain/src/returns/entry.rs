//! The entries of a return's timeline: one variant per kind, with its details.

use super::refusal::ReturnTransitionName;
use crate::Timestamp;
use crate::ids::{RefundId, WarehouseId};
use crate::money::Money;
use serde::Serialize;

/// A change of a return. Its kind is the variant's name in `snake_case`; its fields are the entry's detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, strum::EnumDiscriminants)]
#[serde(untagged)]
#[strum_discriminants(
    name(ReturnEntryKind),
    derive(Hash, strum::Display, strum::EnumString, strum::EnumIter, strum::IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "The kind of an entry of a return's timeline, as it is stored."
)]
pub enum ReturnEntry {
    Requested,
    Approved {
        expires_at: Timestamp,
    },
    Declined,
    Cancelled,
    Expired,
    Received {
        warehouse_id: WarehouseId,
    },
    Restocked,
    Refunded {
        refund_id: RefundId,
        amount: Money,
    },
    /// Nothing is captured and not refunded.
    NothingLeftToRefund,
    /// The gateway refused the refund.
    RefundRefused {
        refund_id: RefundId,
        reason: String,
    },
    /// Whether the gateway executed the refund can't be looked up any more.
    RefundUnresolved {
        refund_id: RefundId,
    },
    /// A person has given up a refused refund.
    RefundGivenUp {
        refund_id: RefundId,
        reason: String,
    },
    Closed,
    AttentionRaised {
        reason: String,
    },
    AttentionCleared,
}

impl ReturnEntry {
    pub fn kind(&self) -> &'static str {
        ReturnEntryKind::from(self).into()
    }

    /// Its fields as JSON; `None` when it has none.
    pub fn detail(&self) -> Option<serde_json::Value> {
        let detail = serde_json::to_value(self).expect("entries are plain data");
        (!detail.is_null()).then_some(detail)
    }
}

impl ReturnEntryKind {
    /// Whether only support and admins see the detail. Exhaustive, so that a new kind does not compile without a decision.
    pub const fn is_for_staff(self) -> bool {
        match self {
            Self::RefundRefused | Self::RefundUnresolved | Self::RefundGivenUp | Self::AttentionRaised => true,
            Self::Requested
            | Self::Approved
            | Self::Declined
            | Self::Cancelled
            | Self::Expired
            | Self::Received
            | Self::Restocked
            | Self::Refunded
            | Self::NothingLeftToRefund
            | Self::Closed
            | Self::AttentionCleared => false,
        }
    }
}

impl ReturnTransitionName {
    /// The action in the audit log.
    pub const fn audit_name(self) -> &'static str {
        match self {
            Self::Approve => "return.approve",
            Self::Decline => "return.decline",
            Self::Cancel => "return.cancel",
            Self::Receive => "return.receive",
        }
    }
}
