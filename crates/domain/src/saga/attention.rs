//! Attention for what needs a person although no command is open: declined captures and reauthorizations, stock that was
//! not shipped, refunds that were refused or whose outcome nobody can look up, and shipments with which something went wrong.

use super::order_saga::OrderSaga;
use super::transition::Transition;
use crate::applied::Applied;
use crate::ids::OrderId;
use crate::messages::PaymentCaptureDeclined;
use crate::order::{Order, TimelineEntry};

impl OrderSaga {
    /// The reason for the order's attention; the captures come first, because they decide whether the order is paid.
    pub(super) fn attention_reason(&self, order: OrderId) -> Option<String> {
        let declined = self.allocation.shipments().iter().find_map(|shipment| {
            let reason = shipment.capture_declined.as_ref()?;
            Some(format!("the gateway declined to capture shipment {}: {reason}", shipment.id(order)))
        });
        declined
            .or_else(|| self.reauthorization_reason())
            .or_else(|| self.stock_reason(order))
            .or_else(|| self.refunds.attention_reason())
            .or_else(|| self.exception_reason(order))
    }

    fn stock_reason(&self, order: OrderId) -> Option<String> {
        self.allocation.shipments().iter().find_map(|shipment| {
            let reason = shipment.stock_not_shipped.as_ref()?;
            Some(format!("the stock of shipment {} was not shipped: {reason}", shipment.id(order)))
        })
    }

    /// The reason for the attention that an open command still needs when every other reason is gone. It would not be
    /// raised again: that happens after certain attempts only.
    fn overdue_reason(&self) -> Option<String> {
        let is_overdue = self.retry_policy().is_some_and(|policy| self.attempt >= policy.attention_after);
        is_overdue.then(|| self.no_reply_to(&self.delivery_commands()))
    }

    /// A decline is final for its attempt, so it is not repeated: the order needs a person at once.
    pub(super) fn on_capture_declined(mut self, order: &Order, reply: &PaymentCaptureDeclined) -> Applied<Transition> {
        let (cleared, reason_before) = (self.attention_cleared(order), self.attention_reason(order.id));
        let PaymentCaptureDeclined { shipment_id, amount, attempt, ref reason, .. } = *reply;
        let shipment = self.allocation.shipment_mut(order.id, shipment_id);
        let open = shipment.filter(|shipment| shipment.is_capture_open() && shipment.capture_attempt() == attempt);
        let Some(shipment) = open else {
            return Applied::Unchanged;
        };
        shipment.capture_declined = Some(reason.clone());
        let entry = TimelineEntry::PaymentCaptureDeclined { shipment_id, amount, attempt, reason: reason.clone() };
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        Applied::Changed(transition.update_attention(order, reason_before.as_ref()))
    }
}

impl Transition {
    /// Raises attention for a new reason, or clears it when the reason `before` was the last one.
    pub(super) fn update_attention(self, order: &Order, before: Option<&String>) -> Self {
        match (before, self.saga.attention_reason(order.id)) {
            (before, Some(reason)) if before != Some(&reason) => self.record(TimelineEntry::AttentionRaised { reason }),
            (Some(_), None) if order.attention.is_some() => {
                let overdue = self.saga.overdue_reason().map(|reason| TimelineEntry::AttentionRaised { reason });
                self.record(overdue.unwrap_or(TimelineEntry::AttentionCleared))
            }
            _ => self,
        }
    }
}
