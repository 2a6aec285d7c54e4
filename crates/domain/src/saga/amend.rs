//! Amends shipments whose units are cancelled. Shipping decides whether the carrier has a shipment already: it is amended
//! or handed over, never both. Once it is amended, the stock of the units is released.

use super::amendment::{Amendment, EarlyReport};
use super::order_saga::OrderSaga;
use super::phase::End;
use super::planned_shipment::PlannedShipment;
use super::transition::Transition;
use crate::applied::Applied;
use crate::messages::{ReservationReduced, ShipmentAmended, ShipmentNotAmended, ShipmentProgressed};
use crate::money::Money;
use crate::order::{Order, RemainingShipments, TimelineEntry};
use crate::shipment::Milestone;

impl OrderSaga {
    /// The shipments that are not cancelled.
    pub(super) fn live_shipments(&self) -> impl Iterator<Item = &PlannedShipment> {
        self.allocation.shipments().iter().filter(|shipment| !shipment.is_cancelled())
    }

    /// Whether a command that cancels units has had no reply yet.
    pub(super) fn has_open_amendment(&self) -> bool {
        self.allocation.shipments().iter().any(PlannedShipment::has_open_amendment)
    }

    pub(super) fn on_amended(mut self, order: &Order, reply: &ShipmentAmended) -> Applied<Transition> {
        let (cleared, reason_before) = (self.attention_cleared(order), self.attention_reason(order.id));
        let shipment = self.allocation.shipment_mut(order.id, reply.shipment_id);
        let Some(shipment) = shipment.filter(|shipment| shipment.is_amending(reply.amendment)) else {
            return Applied::Unchanged;
        };
        let (before, Some(amendment)) = (shipment.clone(), shipment.amended()) else {
            return Applied::Unchanged;
        };
        let lines = before.leaving(&amendment);
        for line in &lines {
            *self.cancelled_units.entry(line.sku.clone()).or_default() += line.quantity.get();
        }
        self.pass_on_amount_of_cancelled();
        let amount = Money { amount_minor: before.amount - amendment.amount, ..order.total };
        let (shipment_id, replaced_by) = (reply.shipment_id, reply.replacement.clone());
        let remaining = self.remaining_shipments();
        let entry = TimelineEntry::LinesCancelled { shipment_id, replaced_by, lines, amount, remaining };
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        let transition = transition.after_amendment(order, &before, amendment);
        Applied::Changed(transition.update_attention(order, reason_before.as_ref()))
    }

    /// Nothing has changed: the carrier has the shipment, or refuses the replacement.
    pub(super) fn on_not_amended(mut self, order: &Order, reply: &ShipmentNotAmended) -> Applied<Transition> {
        let cleared = self.attention_cleared(order);
        let shipment = self.allocation.shipment_mut(order.id, reply.shipment_id);
        let Some(shipment) = shipment.filter(|shipment| shipment.is_amending(reply.amendment)) else {
            return Applied::Unchanged;
        };
        let Some(amendment) = shipment.amendment.take() else {
            return Applied::Unchanged;
        };
        let (shipment_id, reason) = (reply.shipment_id, reply.reason.clone());
        let entry = TimelineEntry::LinesNotCancelled { shipment_id, lines: shipment.leaving(&amendment), reason };
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        Applied::Changed(transition.end_if_done(order))
    }

    /// The stock of the cancelled units is released. What the carrier has meanwhile can be shipped now.
    pub(super) fn on_reduced(mut self, order: &Order, reply: &ReservationReduced) -> Applied<Transition> {
        let cleared = self.attention_cleared(order);
        let shipment = self.allocation.shipment_mut(order.id, reply.shipment_id);
        let Some(shipment) = shipment.filter(|shipment| !shipment.reducing.is_empty()) else {
            return Applied::Unchanged;
        };
        shipment.reducing.clear();
        let shipment = shipment.clone();
        let entry = TimelineEntry::StockPartlyReleased { shipment_id: reply.shipment_id };
        let mut transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        if shipment.is_outstanding() {
            transition = transition.ship(order, &shipment);
        }
        Applied::Changed(transition.end_if_done(order))
    }

    /// Keeps a report about the replacement of a shipment until the reply to its amendment arrives. False if the report
    /// is about another shipment, or not new.
    pub(super) fn keep_early_report(&mut self, order: &Order, report: &ShipmentProgressed, reached: Milestone) -> bool {
        let amending = self.allocation.shipments_mut().iter_mut();
        let mut replaced = amending.filter(|shipment| shipment.replacement_id(order.id) == report.shipment_id);
        let Some(amendment) = replaced.find_map(|shipment| shipment.amendment.as_mut()) else {
            return false;
        };
        if amendment.early_report.as_ref().is_some_and(|early| early.milestone >= reached) {
            return false;
        }
        amendment.early_report = Some(EarlyReport { milestone: reached, transport: report.transport.clone() });
        true
    }

    /// A cancelled shipment may leave an amount that belongs to no unit: the costs of shipping, and what was lost by
    /// rounding. It is captured with the last shipment that still waits. If none does, it is not captured.
    fn pass_on_amount_of_cancelled(&mut self) {
        let shipments = self.allocation.shipments_mut();
        let cancelled = shipments.iter_mut().filter(|shipment| shipment.is_cancelled());
        let left: i64 = cancelled.map(|shipment| std::mem::take(&mut shipment.amount)).sum();
        let mut waiting = shipments.iter_mut().rev().filter(|it| !it.is_cancelled() && it.milestone().is_none());
        if let Some(shipment) = waiting.next() {
            shipment.amount = (shipment.amount + left).max(0);
            if let Some(amendment) = &mut shipment.amendment {
                amendment.amount = (amendment.amount + left).max(0);
            }
        }
    }

    pub(super) fn remaining_shipments(&self) -> RemainingShipments {
        let count = |is_left: fn(&PlannedShipment) -> bool| self.live_shipments().filter(|it| is_left(it)).count();
        RemainingShipments {
            to_hand_over: count(|shipment| shipment.milestone().is_none()),
            to_deliver: count(|shipment| !shipment.is_delivered_or_closed()),
            to_capture: count(|shipment| !shipment.captured),
        }
    }
}

impl Transition {
    pub(super) fn send_amend(self, order: &Order, shipment: &PlannedShipment) -> Self {
        let amend = self.saga.plan().delivery.amend;
        match shipment.amend_command(order.id) {
            Some(command) => self.send(amend(command)),
            None => self,
        }
    }

    pub(super) fn send_reduce(self, order: &Order, shipment: &PlannedShipment) -> Self {
        let reduce = self.saga.plan().delivery.reduce;
        match shipment.reduce_command(order.id) {
            Some(command) => self.send(reduce(command)),
            None => self,
        }
    }

    /// Releases the stock, and applies what was reported about the replacement. The last open line cancels the order.
    fn after_amendment(mut self, order: &Order, before: &PlannedShipment, amendment: Amendment) -> Self {
        if self.saga.live_shipments().next().is_none() {
            return self.cancel_rest(order, &amendment);
        }
        let amended = self.saga.allocation.shipments().iter().find(|it| it.is_revision_of(before)).cloned();
        let Some(shipment) = amended else { return self };
        self = self.send_reduce(order, &shipment);
        if let Some(EarlyReport { milestone, transport }) = amendment.early_report {
            let id = shipment.id(order.id);
            if let Some(shipment) = self.saga.allocation.shipment_mut(order.id, id) {
                shipment.transport = transport;
            }
            self = self.apply_milestone(order, id, milestone);
        }
        self.end_if_done(order)
    }

    /// No shipment is left, and none was handed over: the order is cancelled. Its shipments are, so the steps before
    /// them are undone, which also releases the stock.
    fn cancel_rest(mut self, order: &Order, amendment: &Amendment) -> Self {
        for shipment in self.saga.allocation.shipments_mut() {
            shipment.reducing.clear();
        }
        let plan = self.saga.plan();
        let Some(step) = plan.before(plan.last().name) else { return self };
        let entry = TimelineEntry::Cancelling { reason: amendment.reason, note: None };
        let undone = self.saga.clone().undo_from(step.name, End::Cancelled, order);
        self = self.record(entry).record(TimelineEntry::ShipmentsCancelled);
        self.entries.extend(undone.entries);
        self.commands.extend(undone.commands);
        Self { saga: undone.saga, ..self }
    }
}
