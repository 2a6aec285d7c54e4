//! What operators can do with a saga that waits for an answer. Each verb carries a reason, and the timeline tells it.

use super::allocation::Parcel;
use super::commands;
use super::error::SagaError;
use super::order_saga::{OrderSaga, Phase};
use super::plan::StepName;
use super::transition::Advance;
use crate::messages::{PaymentCaptured, StockShipped};
use crate::order::{Applied, Entry, Order};
use std::iter;

impl OrderSaga {
    /// Asks the open question again, at once and with fresh patience.
    pub fn retry_step(self, order: &Order, reason: &str) -> Result<Advance, SagaError> {
        let step = self.open_step("retry-step")?;
        let relief = self.relief(order);
        let saga = Self { attempt: 0, ..self };
        let advance = match saga.phase.clone() {
            Phase::Running(step) => saga.run(step, order),
            Phase::Undoing { step, .. } => saga.undo(step, order),
            Phase::Delivering | Phase::Ended(_) => saga.press_on(order),
        };
        Ok(advance.told_first(Some(Entry::StepRetried { step, reason: reason.to_owned() })).told_first(relief))
    }

    /// Goes on as if the open question had been answered with yes; `evidence` says how the operator knows.
    ///
    /// Refused when nothing is open, and before the order is confirmed: what the slice of a step does not know of, it can
    /// not carry on later, and a step that nobody answers is given up and undone anyway.
    pub fn mark_step_done(self, order: &Order, evidence: &str) -> Result<Advance, SagaError> {
        let step = self.open_step("mark-step-done")?;
        let advance = match self.phase.clone() {
            Phase::Undoing { step, .. } => self.undone(undone(step), order),
            Phase::Delivering if self.owed().next().is_some() => self.mark_settled(order)?,
            Phase::Running(_) | Phase::Delivering | Phase::Ended(_) => {
                return Err(SagaError::VerbRefused { verb: "mark-step-done", phase: self.phase_name() });
            }
        };
        Ok(advance.told_first(Some(Entry::StepMarkedDone { step, evidence: evidence.to_owned() })))
    }

    /// Ends an undoing saga at once. The undo that is not answered is left as it is; those that would have followed are
    /// asked for, and nobody waits for their answers.
    pub fn abandon(self, order: &Order, reason: &str) -> Result<Advance, SagaError> {
        let name = self.open_step("abandon")?;
        let Phase::Undoing { step, end } = self.phase.clone() else {
            return Err(SagaError::VerbRefused { verb: "abandon", phase: self.phase_name() });
        };
        let (plan, relief) = (self.plan(), self.relief(order));
        let earlier = iter::successors(plan.before(step), |later| plan.before(later.name));
        let ended = earlier.fold(self.end(end), |advance, step| advance.ask(commands::undo(step.name, order.id)));
        Ok(ended.told_first(Some(Entry::SagaAbandoned { step: name, reason: reason.to_owned() })).told_first(relief))
    }

    fn open_step(&self, verb: &'static str) -> Result<&'static str, SagaError> {
        self.step_name().ok_or(SagaError::VerbRefused { verb, phase: self.phase_name() })
    }

    fn mark_settled(self, order: &Order) -> Result<Advance, SagaError> {
        let owed: Vec<Parcel> = self.owed().cloned().collect();
        owed.iter().try_fold(Advance::of(self), |advance, parcel| advance.settled_by_hand(order, parcel))
    }
}

impl Advance {
    fn settled_by_hand(self, order: &Order, parcel: &Parcel) -> Result<Self, SagaError> {
        let (order_id, shipment_id) = (order.id, parcel.shipment(order.id));
        let captured = PaymentCaptured { order_id, shipment_id, amount: parcel.money(order.total.currency) };
        let paid = self.saga.clone().on_captured(order, &captured)?;
        let advance = self.followed_by(paid);
        let deducted = advance.saga.clone().on_deducted(order, &StockShipped { order_id, shipment_id });
        Ok(advance.followed_by(deducted))
    }

    fn followed_by(mut self, next: Applied<Self>) -> Self {
        let Applied::Now(next) = next else {
            return self;
        };
        self.entries.extend(next.entries);
        self.commands.extend(next.commands);
        Self { saga: next.saga, ..self }
    }
}

fn undone(step: StepName) -> Entry {
    match step {
        StepName::ReserveStock => Entry::StockReleased,
        StepName::AuthorizePayment => Entry::PaymentVoided { refunded: None },
        StepName::BookShipments => Entry::ShipmentsCancelled,
    }
}
