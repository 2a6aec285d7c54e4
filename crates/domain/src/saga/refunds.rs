//! What a saga knows of its order's refunds. The saga does not request them: it records their outcomes once, and derives
//! how much of what was captured is refunded.

use super::allocation::PlannedShipment;
use super::order_saga::OrderSaga;
use super::transition::Transition;
use crate::applied::Applied;
use crate::ids::RefundId;
use crate::messages::{PaymentRefundRefused, PaymentRefundUnresolved, PaymentRefunded, Reply};
use crate::money::Money;
use crate::order::{Order, TimelineEntry};
use crate::product::Sku;
use crate::refund::RefundCause;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The last outcome of each refund.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SagaRefunds(BTreeMap<RefundId, RefundOutcome>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefundOutcome {
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

    fn refunded_minor(&self) -> i64 {
        let refunded = self.0.values().filter_map(|outcome| match outcome {
            RefundOutcome::Refunded(amount_minor) => Some(*amount_minor),
            RefundOutcome::Refused { .. } | RefundOutcome::Unresolved { .. } => None,
        });
        refunded.sum()
    }

    /// Why the refunds need a person.
    pub fn problem(&self) -> Option<String> {
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

impl Reply {
    pub(super) const fn is_about_refund(&self) -> bool {
        matches!(self, Self::PaymentRefunded(_) | Self::PaymentRefundRefused(_) | Self::PaymentRefundUnresolved(_))
    }
}

impl OrderSaga {
    /// Records the outcome of a refund. Replies may be repeated, and those of an earlier attempt may be late.
    pub(super) fn on_refund_reply(self, order: &Order, reply: &Reply) -> Applied<Transition> {
        match reply {
            Reply::PaymentRefunded(reply) => self.on_refunded(order, reply),
            Reply::PaymentRefundRefused(reply) => self.on_refund_refused(order, reply),
            Reply::PaymentRefundUnresolved(reply) => self.on_refund_unresolved(order, reply),
            _ => Applied::Unchanged,
        }
    }

    fn on_refunded(self, order: &Order, reply: &PaymentRefunded) -> Applied<Transition> {
        let Ok(RefundCause { refund, .. }) = reply.cause.parse() else { return Applied::Unchanged };
        if matches!(self.refunds.0.get(&refund), Some(RefundOutcome::Refunded(_))) {
            return Applied::Unchanged;
        }
        let amount = reply.amount;
        let captured = self.allocation.shipments().iter().filter(|shipment| shipment.captured);
        let captured: i64 = captured.map(|shipment| shipment.amount).sum();
        let remaining = (captured - self.refunds.refunded_minor() - amount.amount_minor).max(0);
        let remaining = Money { amount_minor: remaining, ..amount };
        let entry = TimelineEntry::PaymentRefunded { refund_id: refund, amount, remaining };
        self.set_refund(order, refund, RefundOutcome::Refunded(amount.amount_minor), entry)
    }

    fn on_refund_refused(self, order: &Order, reply: &PaymentRefundRefused) -> Applied<Transition> {
        let Ok(RefundCause { refund, attempt }) = reply.cause.parse() else { return Applied::Unchanged };
        let PaymentRefundRefused { amount, ref reason, is_acknowledged, .. } = *reply;
        let is_new = match self.refunds.0.get(&refund) {
            None => true,
            Some(RefundOutcome::Refunded(_)) => false,
            Some(RefundOutcome::Unresolved { attempt: before }) => attempt >= *before,
            Some(RefundOutcome::Refused { attempt: before, is_acknowledged: was_acknowledged, .. }) => {
                attempt > *before || (attempt == *before && is_acknowledged && !was_acknowledged)
            }
        };
        if !is_new {
            return Applied::Unchanged;
        }
        let outcome = RefundOutcome::Refused { attempt, reason: reason.clone(), is_acknowledged };
        let entry = TimelineEntry::PaymentRefundRefused { refund_id: refund, amount, reason: reason.clone() };
        self.set_refund(order, refund, outcome, entry)
    }

    fn on_refund_unresolved(self, order: &Order, reply: &PaymentRefundUnresolved) -> Applied<Transition> {
        let Ok(RefundCause { refund, attempt }) = reply.cause.parse() else { return Applied::Unchanged };
        let is_new = match self.refunds.0.get(&refund) {
            None => true,
            Some(RefundOutcome::Refunded(_)) => false,
            Some(RefundOutcome::Refused { attempt: before, .. } | RefundOutcome::Unresolved { attempt: before }) => {
                attempt > *before
            }
        };
        if !is_new {
            return Applied::Unchanged;
        }
        let entry = TimelineEntry::PaymentRefundUnresolved { refund_id: refund, amount: reply.amount };
        self.set_refund(order, refund, RefundOutcome::Unresolved { attempt }, entry)
    }

    fn set_refund(
        mut self,
        order: &Order,
        refund: RefundId,
        outcome: RefundOutcome,
        entry: TimelineEntry,
    ) -> Applied<Transition> {
        let problem = self.problem(order.id);
        self.refunds.0.insert(refund, outcome);
        Applied::Changed(Transition::of(self).record(entry).update_attention(order, problem.as_ref()))
    }

    /// The captured units of each SKU: only those can be refunded.
    pub fn captured_units(&self) -> BTreeMap<Sku, i64> {
        let mut units = BTreeMap::new();
        let captured = self.allocation.shipments().iter().filter(|shipment| shipment.captured);
        for line in captured.flat_map(|shipment: &PlannedShipment| &shipment.lines) {
            *units.entry(line.sku.clone()).or_default() += i64::from(line.quantity.get());
        }
        units
    }
}
