//! From confirmed to delivered, per shipment: once its carrier has it, its amount is captured and its stock shipped.

use super::error::SagaError;
use super::order_saga::OrderSaga;
use super::phase::{End, Phase};
use super::planned_shipment::PlannedShipment;
use super::transition::Transition;
use crate::applied::Applied;
use crate::ids::ShipmentId;
use crate::messages::{PaymentCaptured, ShipmentDelayed, ShipmentProgressed, StockNotShipped, StockShipped};
use crate::money::Money;
use crate::order::{Order, TimelineEntry};
use crate::shipment::Milestone;
use crate::step_name::StepName;

impl OrderSaga {
    /// Confirmed, or confirmed again. Applies the carrier's reports that arrived before.
    pub(super) fn deliver(mut self, order: &Order) -> Transition {
        let shipments = self.allocation.shipments_mut();
        let early: Vec<_> =
            shipments.iter_mut().filter_map(|it| Some((it.id(order.id), it.reset_progress()?))).collect();
        let reason_before = self.attention_reason(order.id);
        let saga = Self { attempt: 1, phase: Phase::Delivering, ..self };
        let transition = early.into_iter().fold(Transition::of(saga), |transition, (shipment, milestone)| {
            transition.apply_milestone(order, shipment, milestone)
        });
        transition.update_attention(order, reason_before.as_ref())
    }

    /// The carrier's report. Reports may be duplicated, late, out of order, and earlier than the reply to the booking.
    pub(super) fn on_progress(mut self, order: &Order, report: &ShipmentProgressed) -> Applied<Transition> {
        if report.is_cancelled {
            return self.on_cancelled_moved(order, report.shipment_id);
        }
        let (cleared, may_continue) = (self.attention_cleared(order), self.may_continue());
        let reached = report.status.milestone();
        if reached.is_some_and(|milestone| self.keep_early_report(order, report, milestone)) {
            return Applied::Changed(Transition::of(self));
        }
        let Some(milestone) = reached else {
            return Applied::Unchanged;
        };
        let Some(shipment) = self.allocation.live_shipment_mut(order.id, report.shipment_id) else {
            return self.on_cancelled_moved(order, report.shipment_id);
        };
        if shipment.milestone() >= reached {
            return Applied::Unchanged;
        }
        if report.transport.is_some() {
            shipment.transport.clone_from(&report.transport);
        }
        Applied::Changed(match self.phase {
            Phase::Delivering => {
                let reason_before = self.attention_reason(order.id);
                let transition = Transition::of(self.with_attempts_reset()).record_first(cleared);
                let transition = transition.apply_milestone(order, report.shipment_id, milestone);
                transition.update_attention(order, reason_before.as_ref()).end_if_done(order)
            }
            _ if may_continue => {
                shipment.reach(milestone);
                Transition::of(self)
            }
            Phase::Running(_) | Phase::Undoing { .. } | Phase::Ended(_) => {
                shipment.reach(milestone);
                return match self.clone().on_cancelled_moved(order, report.shipment_id) {
                    Applied::Unchanged => Applied::Changed(Transition::of(self)),
                    flagged @ Applied::Changed(_) => flagged,
                };
            }
        })
    }

    /// Records the delay in every phase of the saga, also after the shipment was delivered.
    pub(super) fn on_delayed(mut self, order: &Order, report: &ShipmentDelayed) -> Applied<Transition> {
        let ShipmentDelayed { shipment_id, level, promised_by, .. } = *report;
        let shipment = self.allocation.shipment_mut(order.id, shipment_id);
        if !shipment.is_some_and(|shipment| shipment.delays.insert(level)) {
            return Applied::Unchanged;
        }
        let entry = TimelineEntry::ShipmentDelayed { shipment_id, level, promised_by };
        Applied::Changed(Transition::of(self).record(entry))
    }

    pub(super) fn on_captured(
        mut self,
        order: &Order,
        reply: &PaymentCaptured,
    ) -> Result<Applied<Transition>, SagaError> {
        let (cleared, reason_before) = (self.attention_cleared(order), self.attention_reason(order.id));
        let shipment = self.allocation.shipment_mut(order.id, reply.shipment_id);
        let Some(shipment) = shipment.filter(|shipment| !shipment.captured) else {
            return Ok(Applied::Unchanged);
        };
        let (amount, expected) = (reply.amount, shipment.money(order.total.currency));
        if amount != expected {
            return Err(SagaError::Contradiction(format!("{amount} was captured instead of {expected}")));
        }
        (shipment.captured, shipment.written_off, shipment.write_off_open) = (true, false, false);
        shipment.capture_declined = None;
        let entry = self.captured_entry(reply.shipment_id, amount);
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        Ok(Applied::Changed(transition.update_attention(order, reason_before.as_ref()).end_if_done(order)))
    }

    /// The entry for a shipment that counts as captured.
    fn captured_entry(&self, shipment_id: ShipmentId, amount: Money) -> TimelineEntry {
        let remaining = self.live_shipments().filter(|shipment| !shipment.captured).count();
        let has_refunds = self.refunds.refunded_minor() > 0;
        let not_refunded = has_refunds.then(|| self.not_refunded(amount.currency));
        TimelineEntry::PaymentCaptured { shipment_id, amount, remaining, not_refunded }
    }

    /// Inventory has no reservation to ship: someone has released it. Nothing is repeated until a person acts.
    pub(super) fn on_stock_not_shipped(mut self, order: &Order, reply: &StockNotShipped) -> Applied<Transition> {
        let (cleared, reason_before) = (self.attention_cleared(order), self.attention_reason(order.id));
        let (shipment_id, reason) = (reply.shipment_id, reply.reason.clone());
        let shipment = self.allocation.shipment_mut(order.id, shipment_id);
        let Some(shipment) = shipment.filter(|it| !it.stock_shipped && it.stock_not_shipped.is_none()) else {
            return Applied::Unchanged;
        };
        shipment.stock_not_shipped = Some(reason.clone());
        let entry = TimelineEntry::StockNotShipped { shipment_id, reason };
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        Applied::Changed(transition.update_attention(order, reason_before.as_ref()))
    }

    pub(super) fn on_stock_shipped(mut self, order: &Order, reply: &StockShipped) -> Applied<Transition> {
        let (cleared, reason_before) = (self.attention_cleared(order), self.attention_reason(order.id));
        let shipment = self.allocation.shipment_mut(order.id, reply.shipment_id);
        let Some(shipment) = shipment.filter(|shipment| !shipment.stock_shipped) else {
            return Applied::Unchanged;
        };
        (shipment.stock_shipped, shipment.stock_not_shipped) = (true, None);
        let entry = TimelineEntry::StockShipped { shipment_id: reply.shipment_id };
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        Applied::Changed(transition.update_attention(order, reason_before.as_ref()).end_if_done(order))
    }

    /// The deadline expired: repeats the outstanding commands, and tracks the shipments that are not delivered.
    pub(super) fn retry_delivery(self, order: &Order) -> Transition {
        let saga = Self { attempt: self.attempt + 1, ..self };
        let attention = saga.retry_policy().and_then(|policy| saga.attention(policy, &saga.delivery_commands()));
        let is_tracking = saga.live_shipments().any(|shipment| !shipment.is_delivered_or_closed());
        let outstanding: Vec<PlannedShipment> = saga.shipments_with_open_command().cloned().collect();
        let mut transition = outstanding
            .iter()
            .fold(Transition::of(saga), |transition, shipment| transition.repeat_open_commands(order, shipment))
            .send_void(order)
            .send_reauthorization(order);
        if is_tracking {
            transition = transition.track(order);
        }
        transition.entries.extend(attention);
        transition
    }

    /// The shipments that their carrier has, but that are not captured or whose stock is not shipped.
    pub(super) fn outstanding_shipments(&self) -> impl Iterator<Item = &PlannedShipment> {
        self.allocation.shipments().iter().filter(|shipment| shipment.is_outstanding())
    }

    pub(super) fn has_outstanding_shipments(&self) -> bool {
        self.outstanding_shipments().next().is_some()
    }

    /// The commands that may be open, for the reason of an attention.
    pub(super) fn delivery_commands(&self) -> String {
        let is_outstanding = self.has_outstanding_shipments().then(|| self.plan().delivery.command_types());
        let is_amending = self.has_open_amendment().then(|| self.plan().delivery.amendment_types());
        let is_voiding =
            self.has_open_void().then(|| self.step_of_plan(StepName::AuthorizePayment).compensation_type());
        let types = is_outstanding
            .into_iter()
            .chain(is_amending)
            .flatten()
            .chain(is_voiding)
            .chain(self.reauthorization_type());
        types.collect::<Vec<_>>().join(" or ")
    }

    fn shipments_with_open_command(&self) -> impl Iterator<Item = &PlannedShipment> {
        self.allocation.shipments().iter().filter(|shipment| shipment.has_open_command())
    }

    pub(super) fn has_open_delivery_command(&self) -> bool {
        self.authorization.has_open_command() || self.shipments_with_open_command().next().is_some()
    }

    /// Whether a carrier's shipment may still belong to a confirmed order.
    pub(super) fn may_continue(&self) -> bool {
        match self.phase {
            Phase::Running(_) | Phase::Delivering => true,
            Phase::Undoing { step, .. } => self.step_of_plan(step).can_be_too_late,
            Phase::Ended(_) => false,
        }
    }

    /// Before a command is sent. The attempts of tracking are not attempts of that command. Those of another open command are
    /// kept: its reply clears the attention that they raised.
    pub(super) fn without_attempts_of_tracking(self) -> Self {
        let is_tracking = self.phase == Phase::Delivering && !self.has_open_delivery_command();
        if is_tracking { self.with_attempts_reset() } else { self }
    }

    /// Every reply and report restarts the backoff.
    pub(super) fn with_attempts_reset(self) -> Self {
        Self { attempt: 1, ..self }
    }
}

impl Transition {
    /// Records the progress of a shipment. At the hand-over also sends the commands that capture and ship it.
    pub(super) fn apply_milestone(mut self, order: &Order, shipment_id: ShipmentId, milestone: Milestone) -> Self {
        let Some(shipment) = self.saga.allocation.shipment_mut(order.id, shipment_id) else {
            return self;
        };
        let before = shipment.milestone();
        shipment.reach(milestone);
        if milestone == Milestone::Delivered {
            shipment.exception = shipment.exception.filter(|exception| exception.remains_after_delivery());
        }
        let shipment = shipment.clone();
        if before.is_none() {
            let remaining = self.count_before(Milestone::HandedOver);
            let transport = shipment.transport.clone();
            let entry = TimelineEntry::ShipmentHandedOver { shipment_id, remaining, transport };
            self = self.record(entry).capture_and_ship(order, &shipment);
        }
        match milestone {
            Milestone::HandedOver => self,
            Milestone::InTransit => self.record(TimelineEntry::ShipmentInTransit { shipment_id }),
            Milestone::Delivered => {
                let remaining = self.count_before(Milestone::Delivered);
                self.record(TimelineEntry::ShipmentDelivered { shipment_id, remaining })
            }
        }
    }

    fn repeat_open_commands(self, order: &Order, shipment: &PlannedShipment) -> Self {
        let transition = self.send_amend(order, shipment).send_reduce(order, shipment);
        if shipment.is_outstanding() { transition.capture_and_ship(order, shipment) } else { transition }
    }

    fn capture_and_ship(mut self, order: &Order, shipment: &PlannedShipment) -> Self {
        if shipment.is_capture_open() {
            self = self.capture(order, shipment);
        }
        self.send_write_off(order, shipment).ship(order, shipment)
    }

    /// Ships the stock, unless cancelled units are still reserved with it: inventory would ship them too.
    pub(super) fn ship(self, order: &Order, shipment: &PlannedShipment) -> Self {
        if shipment.stock_shipped || shipment.stock_not_shipped.is_some() || !shipment.reducing.is_empty() {
            return self;
        }
        let (id, ship) = (shipment.id(order.id), self.saga.plan().delivery.ship);
        self.send(ship(order.id, id, shipment.warehouse, shipment.skus()))
    }

    /// Captures the amount of the shipment. Of a free one nothing is captured: gateways refuse amounts of zero. Then the
    /// timeline shows it as captured, unless the authorization is voided because everything that is left is free.
    pub(super) fn capture(mut self, order: &Order, shipment: &PlannedShipment) -> Self {
        let capture = self.saga.plan().delivery.capture;
        let (id, amount) = (shipment.id(order.id), shipment.money(order.total.currency));
        if amount.amount_minor == 0 {
            if let Some(shipment) = self.saga.allocation.shipment_mut(order.id, id) {
                shipment.captured = true;
            }
            let is_voided = self.saga.authorization.is_given_up();
            let entry = self.saga.captured_entry(id, amount);
            return if is_voided { self } else { self.record(entry) };
        }
        self.send(capture(order.id, shipment.id(order.id), amount, shipment.capture_attempt()))
    }

    /// Asks the carrier for the progress of the order's shipments.
    pub(super) fn track(self, order: &Order) -> Self {
        let track = self.saga.plan().delivery.track;
        self.send(track(order.id))
    }

    /// How many shipments have not reached `milestone`. A closed one never will.
    fn count_before(&self, milestone: Milestone) -> usize {
        let open = self.saga.live_shipments().filter(|shipment| !shipment.closed);
        open.filter(|shipment| shipment.milestone() < Some(milestone)).count()
    }

    pub(super) fn end_if_done(self, order: &Order) -> Self {
        let transition = self.void_if_unused(order);
        let is_done = transition.saga.allocation.shipments().iter().all(PlannedShipment::is_done);
        if !is_done || transition.saga.has_open_void() {
            return transition;
        }
        Self { saga: transition.saga.end(End::Delivered).saga, ..transition }
    }
}
