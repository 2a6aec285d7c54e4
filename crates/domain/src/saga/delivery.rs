//! From confirmed to delivered, shipment by shipment: what the carrier has is paid for and taken off the books.

use super::allocation::Parcel;
use super::commands;
use super::error::SagaError;
use super::order_saga::{End, OrderSaga, Phase};
use super::plan::StepName;
use super::transition::Advance;
use crate::ids::ShipmentId;
use crate::messages::{PaymentCaptured, ShipmentDelayed, ShipmentProgressed, StockShipped};
use crate::order::{Applied, Entry, Order};
use crate::shipment::{Milestone, ShipmentStatus};

impl OrderSaga {
    /// Confirmed, or confirmed again: from now on the carrier's reports count. Those that came early are told now.
    pub(super) fn deliver(mut self, order: &Order) -> Advance {
        let parcels = self.goods.parcels_mut();
        let early: Vec<_> = parcels.iter_mut().filter_map(|it| Some((it.warehouse, it.take_milestone()?))).collect();
        let saga = Self { attempt: 1, phase: Phase::Delivering, ..self };
        early.into_iter().fold(Advance::of(saga), |advance, (warehouse, milestone)| {
            advance.report(order, ShipmentId::of(order.id, warehouse), milestone)
        })
    }

    /// The carrier reported. Reports come twice, late, out of order, and before the booking is known.
    pub(super) fn on_progress(mut self, order: &Order, report: &ShipmentProgressed) -> Applied<Advance> {
        let relief = self.relief(order);
        let reached = milestone_of(report.status);
        let parcel = self.goods.parcel_mut(order.id, report.shipment_id).filter(|parcel| parcel.milestone() < reached);
        let (Some(parcel), Some(milestone)) = (parcel, reached) else {
            return Applied::Already;
        };
        Applied::Now(match self.phase {
            Phase::Delivering => {
                let advance = Advance::of(self.refreshed()).told_first(relief);
                advance.report(order, report.shipment_id, milestone).ended_if_done()
            }
            Phase::Running(_) | Phase::Undoing { step: StepName::BookShipments, .. } => {
                parcel.reach(milestone);
                Advance::of(self)
            }
            Phase::Undoing { .. } | Phase::Ended(_) => {
                let is_known = parcel.milestone().is_some() && milestone == Milestone::InTransit;
                parcel.reach(milestone);
                if is_known {
                    return Applied::Now(Advance::of(self));
                }
                let reason = format!("the carrier has shipment {}, which was called back", report.shipment_id);
                Advance::of(self).tell(Entry::AttentionRaised { reason })
            }
        })
    }

    /// It is late, whatever has become of it since: the timeline tells it.
    pub(super) fn on_delayed(mut self, order: &Order, report: &ShipmentDelayed) -> Applied<Advance> {
        let ShipmentDelayed { shipment_id, level, promised_by, .. } = *report;
        let parcel = self.goods.parcel_mut(order.id, shipment_id);
        if !parcel.is_some_and(|parcel| parcel.delays.insert(level)) {
            return Applied::Already;
        }
        Applied::Now(Advance::of(self).tell(Entry::ShipmentDelayed { shipment_id, level, promised_by }))
    }

    pub(super) fn on_captured(
        mut self,
        order: &Order,
        answer: &PaymentCaptured,
    ) -> Result<Applied<Advance>, SagaError> {
        let relief = self.relief(order);
        let Some(parcel) = self.goods.parcel_mut(order.id, answer.shipment_id).filter(|parcel| !parcel.captured) else {
            return Ok(Applied::Already);
        };
        let (amount, expected) = (answer.amount, parcel.money(order.total.currency));
        if amount != expected {
            return Err(SagaError::Contradiction(format!("{amount} were captured instead of {expected}")));
        }
        parcel.captured = true;
        let remaining = self.goods.parcels().iter().filter(|parcel| !parcel.captured).count();
        let entry = Entry::PaymentCaptured { shipment_id: answer.shipment_id, amount, remaining };
        Ok(Applied::Now(Advance::of(self.refreshed()).told_first(relief).tell(entry).ended_if_done()))
    }

    pub(super) fn on_deducted(mut self, order: &Order, answer: &StockShipped) -> Applied<Advance> {
        let relief = self.relief(order);
        let Some(parcel) = self.goods.parcel_mut(order.id, answer.shipment_id).filter(|parcel| !parcel.deducted) else {
            return Applied::Already;
        };
        parcel.deducted = true;
        let entry = Entry::StockShipped { shipment_id: answer.shipment_id };
        Applied::Now(Advance::of(self.refreshed()).told_first(relief).tell(entry).ended_if_done())
    }

    /// Nothing was heard for too long: asks again for what is owed, and after what is under way.
    pub(super) fn press_on(self, order: &Order) -> Advance {
        let saga = Self { attempt: self.attempt + 1, ..self };
        let subject = saga.plan().delivery.commands.join(" or ");
        let attention = saga.persistence().and_then(|persistence| saga.attention(persistence, &subject));
        let waits = saga.goods.parcels().iter().any(|parcel| parcel.milestone() < Some(Milestone::Delivered));
        let owed: Vec<Parcel> = saga.owed().cloned().collect();
        let mut advance = owed.iter().fold(Advance::of(saga), |advance, parcel| advance.settle(order, parcel));
        if waits {
            advance = advance.ask(commands::track(order.id));
        }
        advance.entries.extend(attention);
        advance
    }

    /// What the carrier has that is not captured, or not taken off the books.
    pub(super) fn owed(&self) -> impl Iterator<Item = &Parcel> {
        self.goods.parcels().iter().filter(|parcel| parcel.is_owed())
    }

    /// Patience begins anew with every news.
    fn refreshed(self) -> Self {
        Self { attempt: 1, ..self }
    }
}

impl Advance {
    /// Tells how far a shipment has come, and has it paid for when it has just left.
    fn report(mut self, order: &Order, shipment_id: ShipmentId, milestone: Milestone) -> Self {
        let Some(parcel) = self.saga.goods.parcel_mut(order.id, shipment_id) else {
            return self;
        };
        let before = parcel.milestone();
        parcel.reach(milestone);
        let parcel = parcel.clone();
        if before.is_none() {
            let remaining = self.short_of(Milestone::HandedOver);
            self = self.tell(Entry::ShipmentHandedOver { shipment_id, remaining }).settle(order, &parcel);
        }
        match milestone {
            Milestone::HandedOver => self,
            Milestone::InTransit => self.tell(Entry::ShipmentInTransit { shipment_id }),
            Milestone::Delivered => {
                let remaining = self.short_of(Milestone::Delivered);
                self.tell(Entry::ShipmentDelivered { shipment_id, remaining })
            }
        }
    }

    fn settle(mut self, order: &Order, parcel: &Parcel) -> Self {
        if !parcel.captured {
            self = self.ask(commands::capture(order, parcel));
        }
        if !parcel.deducted {
            self = self.ask(commands::deduct(order, parcel));
        }
        self
    }

    fn short_of(&self, milestone: Milestone) -> usize {
        self.saga.goods.parcels().iter().filter(|parcel| parcel.milestone() < Some(milestone)).count()
    }

    fn ended_if_done(self) -> Self {
        if !self.saga.goods.parcels().iter().all(Parcel::is_done) {
            return self;
        }
        Self { saga: self.saga.end(End::Delivered).saga, ..self }
    }
}

fn milestone_of(status: ShipmentStatus) -> Option<Milestone> {
    match status {
        ShipmentStatus::HandedOver => Some(Milestone::HandedOver),
        ShipmentStatus::InTransit => Some(Milestone::InTransit),
        ShipmentStatus::Delivered => Some(Milestone::Delivered),
        ShipmentStatus::Requested | ShipmentStatus::Booked | ShipmentStatus::Cancelled => None,
    }
}
