//! What operators can do with an active saga. Each action carries a reason, which the timeline records.

use super::error::SagaError;
use super::order_saga::OrderSaga;
use super::phase::Phase;
use super::planned_shipment::PlannedShipment;
use super::steps::Step;
use super::transition::Transition;
use crate::applied::Applied;
use crate::messages::{PaymentCaptured, PaymentReauthorized, PaymentVoided, PaymentWrittenOff, StockShipped};
use crate::order::{Order, TimelineEntry};
use std::iter;

/// What [`OrderSaga::capture_again`] retries, named like a step.
const CAPTURE_PAYMENT: &str = "capture_payment";

impl OrderSaga {
    /// Sends the open command again at once, and counts attempts from zero.
    pub fn retry_step(self, order: &Order, reason: &str) -> Result<Transition, SagaError> {
        let step = self.open_step("retry-step")?;
        let cleared = self.attention_cleared(order);
        let reason_before = self.attention_reason(order.id);
        let mut saga = Self { attempt: 0, ..self };
        saga.allocation.shipments_mut().iter_mut().for_each(|shipment| shipment.stock_not_shipped = None);
        let transition = match saga.phase.clone() {
            Phase::Running(step) => saga.run(step, order),
            Phase::Undoing { step, .. } => saga.undo(step, order),
            Phase::Delivering | Phase::Ended(_) => saga.retry_delivery(order),
        };
        let entry = TimelineEntry::StepRetried { step, reason: reason.to_owned() };
        let transition = transition.record_first(Some(entry)).record_first(cleared);
        Ok(transition.update_attention(order, reason_before.as_ref()))
    }

    /// Continues as if the open command had succeeded; `evidence` states how the operator knows.
    ///
    /// Refused when no command is open, and before the order is confirmed: a slice that does not know of a step can't
    /// continue it later, and a step without a reply is given up and undone anyway.
    pub fn mark_step_done(self, order: &Order, evidence: &str) -> Result<Transition, SagaError> {
        let step = self.open_step("mark-step-done")?;
        let transition = match self.phase.clone() {
            Phase::Undoing { step, .. } => {
                let entry = (self.step_of_plan(step).compensated)();
                self.undone(entry, order)
            }
            Phase::Delivering if self.has_outstanding_shipments() || self.authorization.has_open_command() => {
                self.mark_outstanding_done(order)?
            }
            Phase::Running(_) | Phase::Delivering | Phase::Ended(_) => {
                return Err(SagaError::ActionRefused { action: "mark-step-done", phase: self.phase_name() });
            }
        };
        let entry = TimelineEntry::StepMarkedDone { step, evidence: evidence.to_owned() };
        Ok(transition.record_first(Some(entry)))
    }

    /// Captures again what the gateway declined, under other keys. Refused while the authorization is being renewed: that
    /// captures again by itself.
    pub fn capture_again(mut self, order: &Order, reason: &str) -> Result<Transition, SagaError> {
        let reason_before = self.attention_reason(order.id);
        let shipments = self.allocation.shipments_mut().iter_mut();
        let is_open = self.authorization.has_open_command();
        let declined: Vec<_> = shipments.filter(|_| !is_open).filter_map(PlannedShipment::repeat_capture).collect();
        if declined.is_empty() {
            return Err(SagaError::ActionRefused { action: "capture-again", phase: self.phase_name() });
        }
        let start = Transition::of(self.with_attempts_reset());
        let transition = declined.iter().fold(start, |transition, shipment| transition.capture(order, shipment));
        let entry = TimelineEntry::StepRetried { step: CAPTURE_PAYMENT, reason: reason.to_owned() };
        Ok(transition.record(entry).update_attention(order, reason_before.as_ref()))
    }

    /// Ends an undoing saga at once. The open compensation is left as it is; those of earlier steps are sent, and
    /// their replies are not awaited.
    pub fn abandon(self, order: &Order, reason: &str) -> Result<Transition, SagaError> {
        let name = self.open_step("abandon")?;
        let Phase::Undoing { step, end } = self.phase.clone() else {
            return Err(SagaError::ActionRefused { action: "abandon", phase: self.phase_name() });
        };
        let (plan, cleared) = (self.plan(), self.attention_cleared(order));
        let earlier = iter::successors(plan.before(step), |later| plan.before(later.name));
        let send_undo = |transition: Transition, step: &Step| transition.send((step.compensation)(order.id));
        let ended = earlier.fold(self.end(end), send_undo);
        let entry = TimelineEntry::SagaAbandoned { step: name, reason: reason.to_owned() };
        Ok(ended.record_first(Some(entry)).record_first(cleared))
    }

    fn open_step(&self, action: &'static str) -> Result<&'static str, SagaError> {
        self.step_name().ok_or(SagaError::ActionRefused { action, phase: self.phase_name() })
    }

    fn mark_outstanding_done(self, order: &Order) -> Result<Transition, SagaError> {
        let renewed = PaymentReauthorized { order_id: order.id, attempt: self.authorization.reauthorizations };
        if let Applied::Changed(renewed) = self.clone().on_reauthorized(order, &renewed) {
            // It captures again what was declined: those captures are open now, and not what the operator knows of.
            return Ok(renewed);
        }
        let outstanding: Vec<PlannedShipment> = self.outstanding_shipments().cloned().collect();
        let voided = PaymentVoided { order_id: order.id, refunded: None };
        let start = Transition::of(self.clone()).followed_by(self.on_unused_voided(order, &voided));
        outstanding.iter().try_fold(start, |transition, shipment| transition.mark_captured_and_shipped(order, shipment))
    }
}

impl Transition {
    fn mark_captured_and_shipped(self, order: &Order, shipment: &PlannedShipment) -> Result<Self, SagaError> {
        let (order_id, shipment_id) = (order.id, shipment.id(order.id));
        let amount = shipment.money(order.total.currency);
        let captured = PaymentCaptured { order_id, shipment_id, amount };
        let recorded = PaymentWrittenOff { order_id, shipment_id, amount };
        let settled = match self.saga.clone().write_off(order, shipment_id) {
            Applied::Changed(written_off) => Applied::Changed(written_off),
            Applied::Unchanged if shipment.written_off => self.saga.clone().on_written_off(order, &recorded),
            Applied::Unchanged => self.saga.clone().on_captured(order, &captured)?,
        };
        let transition = self.followed_by(settled);
        let shipped = transition.saga.clone().on_stock_shipped(order, &StockShipped { order_id, shipment_id });
        Ok(transition.followed_by(shipped))
    }

    fn followed_by(mut self, next: Applied<Self>) -> Self {
        let Applied::Changed(next) = next else {
            return self;
        };
        self.entries.extend(next.entries);
        self.commands.extend(next.commands);
        Self { saga: next.saga, ..self }
    }
}
