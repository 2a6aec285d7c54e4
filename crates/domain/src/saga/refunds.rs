//! Records the outcomes of refunds. The saga does not request them; it derives how much of what was captured is refunded.

use super::order_saga::OrderSaga;
use super::refund_outcomes::RefundOutcome;
use super::transition::Transition;
use crate::applied::Applied;
use crate::ids::RefundId;
use crate::messages::{PaymentRefundRefused, PaymentRefundUnresolved, PaymentRefunded, Reply};
use crate::money::{Currency, Money};
use crate::order::{Order, TimelineEntry};
use crate::product::Sku;
use crate::refund::RefundCause;
use std::collections::BTreeMap;

impl Reply {
    pub(super) const fn is_about_refund(&self) -> bool {
        matches!(self, Self::PaymentRefunded(_) | Self::PaymentRefundRefused(_) | Self::PaymentRefundUnresolved(_))
    }
}

impl OrderSaga {
    pub(super) fn on_refund_reply(self, order: &Order, reply: &Reply) -> Applied<Transition> {
        let outcome = match reply {
            Reply::PaymentRefunded(reply) => self.refunded(reply),
            Reply::PaymentRefundRefused(reply) => refused(reply),
            Reply::PaymentRefundUnresolved(reply) => unresolved(reply),
            _ => None,
        };
        match outcome {
            Some((refund, outcome, entry)) if self.refunds.is_new(refund, &outcome) => {
                Applied::Changed(self.set_refund(order, (refund, outcome), entry))
            }
            Some(_) | None => Applied::Unchanged,
        }
    }

    fn refunded(&self, reply: &PaymentRefunded) -> Option<(RefundId, RefundOutcome, TimelineEntry)> {
        let (refund, amount) = (cause(&reply.cause)?.refund, reply.amount);
        let before = self.not_refunded(amount.currency).amount_minor;
        let remaining = Money { amount_minor: (before - amount.amount_minor).max(0), ..amount };
        let entry = TimelineEntry::PaymentRefunded { refund_id: refund, amount, remaining };
        Some((refund, RefundOutcome::Refunded(amount.amount_minor), entry))
    }

    /// What is captured and not refunded. The reply to a capture may come after that to its refund.
    pub(super) fn not_refunded(&self, currency: Currency) -> Money {
        Money { amount_minor: (self.captured_minor() - self.refunds.refunded_minor()).max(0), currency }
    }

    /// The captured amount, as far as the replies to captures have arrived.
    pub fn captured_minor(&self) -> i64 {
        let captured = self.allocation.shipments().iter().filter(|shipment| shipment.captured);
        captured.map(|shipment| shipment.amount).sum()
    }

    fn set_refund(
        mut self,
        order: &Order,
        (refund, outcome): (RefundId, RefundOutcome),
        entry: TimelineEntry,
    ) -> Transition {
        let reason_before = self.attention_reason(order.id);
        self.refunds.set(refund, outcome);
        Transition::of(self).record(entry).update_attention(order, reason_before.as_ref())
    }

    /// The captured units of each SKU: only those can be refunded.
    pub fn captured_units(&self) -> BTreeMap<Sku, i64> {
        let mut units = BTreeMap::new();
        let captured = self.allocation.shipments().iter().filter(|shipment| shipment.captured);
        for line in captured.flat_map(|shipment| &shipment.lines) {
            *units.entry(line.sku.clone()).or_default() += i64::from(line.quantity.get());
        }
        units
    }
}

fn refused(reply: &PaymentRefundRefused) -> Option<(RefundId, RefundOutcome, TimelineEntry)> {
    let RefundCause { refund, attempt } = cause(&reply.cause)?;
    let PaymentRefundRefused { amount, ref reason, is_acknowledged, .. } = *reply;
    let entry = TimelineEntry::PaymentRefundRefused { refund_id: refund, amount, reason: reason.clone() };
    Some((refund, RefundOutcome::Refused { attempt, reason: reason.clone(), is_acknowledged }, entry))
}

fn unresolved(reply: &PaymentRefundUnresolved) -> Option<(RefundId, RefundOutcome, TimelineEntry)> {
    let RefundCause { refund, attempt } = cause(&reply.cause)?;
    let entry = TimelineEntry::PaymentRefundUnresolved { refund_id: refund, amount: reply.amount };
    Some((refund, RefundOutcome::Unresolved { attempt }, entry))
}

/// `None` for the cause of an earlier version, which named no refund.
fn cause(text: &str) -> Option<RefundCause> {
    text.parse().ok()
}
