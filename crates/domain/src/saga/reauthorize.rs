//! An authorization expires at the gateway. While something is left to capture it is renewed before that. If the gateway
//! declines, the order needs a person.

use super::authorization::AuthorizationState;
use super::command::Command;
use super::error::SagaError;
use super::order_saga::OrderSaga;
use super::phase::Phase;
use super::planned_shipment::PlannedShipment;
use super::steps::any_order;
use super::transition::Transition;
use crate::Timestamp;
use crate::applied::Applied;
use crate::messages::{PaymentCommand, PaymentReauthorizationDeclined, PaymentReauthorized, ReauthorizePayment};
use crate::order::{Order, TimelineEntry};

/// What [`OrderSaga::reauthorize`] retries, named like a step.
const REAUTHORIZE_PAYMENT: &str = "reauthorize_payment";

impl OrderSaga {
    /// The authorization, or its last reauthorization, will expire soon. Changes at least the time of this check, so that the
    /// saga is not due again at once.
    pub fn on_authorization_due(mut self, order: &Order, now: Timestamp) -> Transition {
        self.authorization.checked_at = Some(now);
        if self.authorization.state != AuthorizationState::Valid || !self.has_uncaptured_shipments() {
            return Transition::of(self);
        }
        Transition::of(self.without_attempts_of_tracking().reauthorizing()).send_reauthorization(order)
    }

    /// A person renews the authorization: the gateway has declined that, or a capture because it has expired.
    pub fn reauthorize(mut self, order: &Order, reason: &str, now: Timestamp) -> Result<Transition, SagaError> {
        let is_open = self.authorization.has_open_command() || self.authorization.is_given_up();
        if is_open || !self.has_uncaptured_shipments() {
            return Err(SagaError::ActionRefused { action: "reauthorize", phase: self.phase_name() });
        }
        let (cleared, reason_before) = (self.attention_cleared(order), self.attention_reason(order.id));
        self.authorization.checked_at = Some(now);
        let entry = TimelineEntry::StepRetried { step: REAUTHORIZE_PAYMENT, reason: reason.to_owned() };
        let transition = Transition::of(self.with_attempts_reset().reauthorizing()).record_first(cleared).record(entry);
        Ok(transition.send_reauthorization(order).update_attention(order, reason_before.as_ref()))
    }

    /// Captures that were declined meanwhile are attempted again: the expired authorization was the likely cause.
    pub(super) fn on_reauthorized(mut self, order: &Order, reply: &PaymentReauthorized) -> Applied<Transition> {
        if !self.is_reauthorizing(reply.attempt) {
            return Applied::Unchanged;
        }
        let (cleared, reason_before) = (self.attention_cleared(order), self.attention_reason(order.id));
        self.authorization.state = AuthorizationState::Valid;
        let declined: Vec<_> =
            self.allocation.shipments_mut().iter_mut().filter_map(PlannedShipment::repeat_capture).collect();
        let entry = TimelineEntry::PaymentReauthorized { attempt: reply.attempt };
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        let transition = declined.iter().fold(transition, |transition, shipment| transition.capture(order, shipment));
        Applied::Changed(transition.update_attention(order, reason_before.as_ref()))
    }

    pub(super) fn on_reauthorization_declined(
        mut self,
        order: &Order,
        reply: &PaymentReauthorizationDeclined,
    ) -> Applied<Transition> {
        if !self.is_reauthorizing(reply.attempt) {
            return Applied::Unchanged;
        }
        let (cleared, reason_before) = (self.attention_cleared(order), self.attention_reason(order.id));
        let (attempt, reason) = (reply.attempt, reply.reason.clone());
        self.authorization.state = AuthorizationState::ReauthorizationDeclined(reason.clone());
        let entry = TimelineEntry::PaymentReauthorizationDeclined { attempt, reason };
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        Applied::Changed(transition.update_attention(order, reason_before.as_ref()))
    }

    /// The reason for attention after a declined reauthorization, as long as something is left to capture.
    pub(super) fn reauthorization_reason(&self) -> Option<String> {
        let AuthorizationState::ReauthorizationDeclined(reason) = &self.authorization.state else { return None };
        let is_needed = self.has_uncaptured_shipments();
        is_needed.then(|| format!("the gateway declined to renew the authorization: {reason}"))
    }

    /// The message type of the open reauthorization.
    pub(super) fn reauthorization_type(&self) -> Option<&'static str> {
        let is_open = self.authorization.state == AuthorizationState::ReauthorizationOpen;
        let reauthorization = ReauthorizePayment { order_id: any_order().id, attempt: 1 };
        is_open.then(|| Command::Payment(PaymentCommand::Reauthorize(reauthorization)).type_name())
    }

    fn is_reauthorizing(&self, attempt: u32) -> bool {
        self.authorization.state == AuthorizationState::ReauthorizationOpen
            && self.authorization.reauthorizations == attempt
    }

    fn reauthorizing(mut self) -> Self {
        self.authorization.state = AuthorizationState::ReauthorizationOpen;
        self.authorization.reauthorizations += 1;
        self
    }

    fn has_uncaptured_shipments(&self) -> bool {
        let is_uncaptured = |it: &PlannedShipment| it.amount > 0 && !it.captured && !it.written_off;
        self.phase == Phase::Delivering && self.live_shipments().any(is_uncaptured)
    }
}

impl Transition {
    pub(super) fn send_reauthorization(self, order: &Order) -> Self {
        if self.saga.authorization.state != AuthorizationState::ReauthorizationOpen {
            return self;
        }
        let reauthorization =
            ReauthorizePayment { order_id: order.id, attempt: self.saga.authorization.reauthorizations };
        self.send(Command::Payment(PaymentCommand::Reauthorize(reauthorization)))
    }
}
