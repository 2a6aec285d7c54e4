//! The authorization of a confirmed order of which nothing is captured and nothing will be: what is left of the order is
//! free, or people gave it up. It is voided at once, and the order ends after payments have.

use super::authorization::AuthorizationState;
use super::order_saga::OrderSaga;
use super::planned_shipment::PlannedShipment;
use super::transition::Transition;
use crate::applied::Applied;
use crate::messages::PaymentVoided;
use crate::order::{Order, TimelineEntry};
use crate::step_name::StepName;

impl OrderSaga {
    pub(super) fn has_open_void(&self) -> bool {
        self.authorization.state == AuthorizationState::VoidOpen
    }

    pub(super) fn on_unused_voided(mut self, order: &Order, reply: &PaymentVoided) -> Applied<Transition> {
        if !self.has_open_void() {
            return Applied::Unchanged;
        }
        let cleared = self.attention_cleared(order);
        self.authorization.state = AuthorizationState::Voided;
        let entry = TimelineEntry::PaymentVoided { refunded: reply.refunded };
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        Applied::Changed(transition.end_if_done(order))
    }

    /// An open amendment may leave an amount to another shipment.
    fn is_authorization_unused(&self, order: &Order) -> bool {
        let is_unused = |it: &PlannedShipment| it.amount == 0 || (it.written_off && !it.write_off_open);
        order.total.amount_minor > 0 && !self.has_open_amendment() && self.live_shipments().all(is_unused)
    }
}

impl Transition {
    pub(super) fn void_if_unused(mut self, order: &Order) -> Self {
        if self.saga.authorization.is_given_up() || !self.saga.is_authorization_unused(order) {
            return self;
        }
        self.saga.authorization.state = AuthorizationState::VoidOpen;
        self.send_void(order)
    }

    pub(super) fn send_void(self, order: &Order) -> Self {
        if !self.saga.has_open_void() {
            return self;
        }
        let void = self.saga.step_of_plan(StepName::AuthorizePayment).compensation;
        self.send(void(order.id))
    }
}
