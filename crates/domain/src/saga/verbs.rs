//! What operators can do with a saga that waits for an answer. Each verb carries a reason, and the timeline tells it.

use super::advance::Advance;
use super::error::SagaError;
use super::goods::Parcel;
use super::order_saga::{OrderSaga, Phase};
use super::plan::StepName;
use crate::messages::{PaymentCaptured, StockShipped};
use crate::order::{Applied, Entry, Order};

impl OrderSaga {
    /// Asks the open question again, at once and with fresh patience.
    pub fn retry_step(self, order: &Order, reason: &str) -> Result<Advance, SagaError> {
        let step = self.open_step("retry")?;
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
    /// Refused for a reservation, since only inventory knows where it would be held, and when nothing is open.
    pub fn mark_step_done(self, order: &Order, evidence: &str) -> Result<Advance, SagaError> {
        let step = self.open_step("mark done")?;
        let advance = match self.phase.clone() {
            Phase::Running(StepName::AuthorizePayment) => {
                self.done(StepName::AuthorizePayment, Entry::PaymentAuthorized { amount: order.total }, order)
            }
            Phase::Running(StepName::BookShipments) => self.confirmed(Vec::new(), order),
            Phase::Undoing { step, .. } => self.undone(undone(step), order),
            Phase::Delivering if self.owed().next().is_some() => self.mark_settled(order)?,
            Phase::Running(StepName::ReserveStock) | Phase::Delivering | Phase::Ended(_) => {
                return Err(SagaError::VerbRefused { verb: "mark done", phase: self.phase_name() });
            }
        };
        Ok(advance.told_first(Some(Entry::StepMarkedDone { step, evidence: evidence.to_owned() })))
    }

    /// Ends an undoing saga at once, with whatever it has not undone left as it is.
    pub fn abandon(self, reason: &str) -> Result<Advance, SagaError> {
        let step = self.open_step("abandon")?;
        let Phase::Undoing { end, .. } = self.phase.clone() else {
            return Err(SagaError::VerbRefused { verb: "abandon", phase: self.phase_name() });
        };
        Ok(self.end(end).told_first(Some(Entry::SagaAbandoned { step, reason: reason.to_owned() })))
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
