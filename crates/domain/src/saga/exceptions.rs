//! Shipments with which something went wrong. What a carrier reports is recorded in every phase of the saga. A person
//! decides what becomes of it: dismiss it, close the shipment, or send its units again with an order of their own.

use super::error::SagaError;
use super::order_saga::OrderSaga;
use super::phase::{End, Phase};
use super::transition::Transition;
use crate::applied::Applied;
use crate::ids::{OrderId, ShipmentId};
use crate::messages::ShipmentException;
use crate::order::{Order, TimelineEntry};
use crate::product::Line;
use crate::shipment::{DeliveryException, Milestone};

/// What a person decides about an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionDecision {
    /// The shipment goes on.
    Dismiss,
    /// It will not arrive. With the order that sends its units again, if one does.
    Close { reshipped_by: Option<OrderId> },
}

impl OrderSaga {
    /// The carrier's report. It is evidence, so it is recorded whatever has become of the shipment, unless it adds nothing
    /// to what is wrong already.
    pub(super) fn on_exception(mut self, order: &Order, report: &ShipmentException) -> Applied<Transition> {
        let ShipmentException { shipment_id, exception, occurred_at, .. } = *report;
        let reason_before = self.attention_reason(order.id);
        let is_of_order = self.may_continue() || self.phase == Phase::Ended(End::Delivered);
        let shipment = self.allocation.live_shipment_mut(order.id, shipment_id);
        let Some(shipment) = shipment.filter(|_| is_of_order && !report.is_cancelled) else {
            return self.on_cancelled_moved(order, shipment_id);
        };
        let is_delivered = shipment.milestone() == Some(Milestone::Delivered);
        let is_known = shipment.exception.is_some();
        let after = exception.reported_after(shipment.exception, is_delivered);
        if shipment.closed || (is_known && shipment.exception == after) {
            return Applied::Unchanged;
        }
        shipment.exception = after;
        // Only what the carrier has can go wrong: the report of the hand-over is missing.
        let is_missing = shipment.milestone().is_none();
        let is_delivering = self.phase == Phase::Delivering;
        if is_missing && !is_delivering {
            shipment.reach(Milestone::HandedOver);
        }
        let mut transition = Transition::of(self.without_attempts_of_tracking());
        if is_missing && is_delivering {
            transition = transition.apply_milestone(order, shipment_id, Milestone::HandedOver);
        }
        let entry = TimelineEntry::ShipmentException { shipment_id, exception, occurred_at };
        Applied::Changed(transition.record(entry).update_attention(order, reason_before.as_ref()))
    }

    /// The carrier has a shipment that was cancelled, or that another one replaced.
    pub(super) fn on_cancelled_moved(mut self, order: &Order, shipment_id: ShipmentId) -> Applied<Transition> {
        let reason_before = self.attention_reason(order.id);
        let is_known = self.allocation.shipments().iter().any(|shipment| shipment.has_revision(order.id, shipment_id));
        if !is_known || !self.moved_although_cancelled.insert(shipment_id) {
            return Applied::Unchanged;
        }
        let entry = TimelineEntry::CancelledShipmentMoved { shipment_id };
        Applied::Changed(Transition::of(self).record(entry).update_attention(order, reason_before.as_ref()))
    }

    /// The shipments whose carrier has them, as far as it has reported so.
    pub(super) fn shipments_with_reports(&self, order: OrderId) -> Vec<ShipmentId> {
        let reported = self.live_shipments().filter(|shipment| shipment.milestone().is_some());
        reported.map(|shipment| shipment.id(order)).collect()
    }

    pub(super) fn exception_reason(&self, order: OrderId) -> Option<String> {
        let moved = self.moved_although_cancelled.first();
        let moved = moved.map(|shipment| format!("the carrier has shipment {shipment}, which was cancelled"));
        moved.or_else(|| {
            let (shipment, exception) =
                self.live_shipments().find_map(|shipment| Some((shipment.id(order), shipment.exception?)))?;
            let what = match exception {
                DeliveryException::FailedAttempt => "could not be delivered at the first attempt",
                DeliveryException::Lost => "is lost",
                DeliveryException::Damaged => "is damaged",
                DeliveryException::ReturnedToSender => "returns to its sender",
            };
            Some(format!("shipment {shipment} {what}"))
        })
    }

    /// The units of a shipment that can be sent again or closed. Refused unless its last exception is final.
    pub fn undeliverable(&self, order: &Order, shipment_id: ShipmentId) -> Result<&[Line], SagaError> {
        let is_confirmed = matches!(self.phase, Phase::Delivering | Phase::Ended(End::Delivered));
        let mut shipments = self.live_shipments().filter(|_| is_confirmed);
        match shipments.find(|shipment| shipment.id(order.id) == shipment_id) {
            Some(shipment) if shipment.exception.is_some_and(DeliveryException::is_final) => Ok(&shipment.lines),
            Some(_) | None => Err(SagaError::NoException { shipment: shipment_id }),
        }
    }

    pub fn decide_exception(
        mut self,
        order: &Order,
        shipment_id: ShipmentId,
        decision: ExceptionDecision,
        reason: &str,
    ) -> Result<Transition, SagaError> {
        let reason_before = self.attention_reason(order.id);
        let reason = reason.to_owned();
        let entry = match decision {
            ExceptionDecision::Dismiss => {
                let shipment = self.allocation.live_shipment_mut(order.id, shipment_id);
                let exception = shipment.and_then(|shipment| shipment.exception.take());
                if !self.moved_although_cancelled.remove(&shipment_id) && exception.is_none() {
                    return Err(SagaError::NoException { shipment: shipment_id });
                }
                TimelineEntry::ExceptionDismissed { shipment_id, reason }
            }
            ExceptionDecision::Close { reshipped_by } => {
                self.undeliverable(order, shipment_id)?;
                if let Some(shipment) = self.allocation.shipment_mut(order.id, shipment_id) {
                    (shipment.exception, shipment.closed) = (None, true);
                }
                let remaining = self.remaining_shipments();
                TimelineEntry::ShipmentClosed { shipment_id, reason, reshipped_by, remaining }
            }
        };
        let is_ended = matches!(self.phase, Phase::Ended(End::Delivered));
        let transition = Transition::of(self).record(entry).update_attention(order, reason_before.as_ref());
        Ok(if is_ended { transition } else { transition.end_if_done(order) })
    }
}

impl Transition {
    /// The shipment is cancelled now, but the carrier had reported that it has it.
    pub(super) fn flag_cancelled_moved(mut self, order: &Order, shipment: ShipmentId) -> Self {
        match self.saga.clone().on_cancelled_moved(order, shipment) {
            Applied::Unchanged => self,
            Applied::Changed(flagged) => {
                self.entries.extend(flagged.entries);
                Self { saga: flagged.saga, ..self }
            }
        }
    }
}
