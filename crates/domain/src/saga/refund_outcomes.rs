//! The last outcome of each refund of an order, as its saga stores it. Replies may be repeated, and those of an earlier
//! attempt may be late: only what is new changes an outcome.

use crate::ids::RefundId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SagaRefunds(BTreeMap<RefundId, RefundOutcome>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RefundOutcome {
    /// With its amount.
    Refunded(i64),
    Refused {
        attempt: u32,
        reason: String,
        is_acknowledged: bool,
    },
    Unresolved {
        attempt: u32,
    },
}

impl SagaRefunds {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn refunded_minor(&self) -> i64 {
        let refunded = self.0.values().filter_map(|outcome| match outcome {
            RefundOutcome::Refunded(amount_minor) => Some(*amount_minor),
            RefundOutcome::Refused { .. } | RefundOutcome::Unresolved { .. } => None,
        });
        refunded.sum()
    }

    /// Whether `outcome` is not known yet.
    pub fn is_new(&self, refund: RefundId, outcome: &RefundOutcome) -> bool {
        self.0.get(&refund).is_none_or(|known| known.rank() < outcome.rank())
    }

    pub fn set(&mut self, refund: RefundId, outcome: RefundOutcome) {
        self.0.insert(refund, outcome);
    }

    /// Why the refunds need a person.
    pub fn attention_reason(&self) -> Option<String> {
        self.0.iter().find_map(|(refund, outcome)| match outcome {
            RefundOutcome::Refused { reason, is_acknowledged: false, .. } => {
                Some(format!("the gateway refused refund {refund}: {reason}"))
            }
            RefundOutcome::Unresolved { .. } => {
                Some(format!("find out whether the gateway executed refund {refund}, which it can't be asked any more"))
            }
            RefundOutcome::Refunded(_) | RefundOutcome::Refused { .. } => None,
        })
    }
}

impl RefundOutcome {
    /// Orders the outcomes of one refund: a later attempt replaces an earlier one, and success is final.
    fn rank(&self) -> (u32, u8) {
        match self {
            Self::Unresolved { attempt } => (*attempt, 0),
            Self::Refused { attempt, is_acknowledged, .. } => (*attempt, 1 + u8::from(*is_acknowledged)),
            Self::Refunded(_) => (u32::MAX, u8::MAX),
        }
    }
}
