//! Cancels units of a confirmed order's lines, as far as they are not handed over: decides which shipments change, and
//! how much less is captured for them.
//!
//! The costs of shipping stay: they are for the shipments, not for the units. An order without units costs nothing.

use super::amendment::Amendment;
use super::order_saga::OrderSaga;
use super::phase::Phase;
use super::transition::Transition;
use crate::applied::Applied;
use crate::ids::{OrderId, ShipmentId, WarehouseId};
use crate::order::{CancelReason, Cancellation, InvalidTransition, Order, OrderStatus, OrderTransition, TimelineEntry};
use crate::product::{Line, Quantity, Sku};
use crate::refund::{LineUnits, line_share::share};
use std::collections::BTreeSet;

/// A line as it was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedLine {
    pub line_no: i16,
    pub sku: Sku,
    pub quantity: Quantity,
    /// With tax and discount, for all units together, in the minor unit of the order's currency.
    pub total_minor: i64,
}

/// What cancelling lines would do, or does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineCancellation {
    /// No unit remains, and none is handed over: the whole order is cancelled.
    WholeOrder,
    Shipments(Vec<AmendedShipment>),
}

/// A shipment that loses units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmendedShipment {
    pub shipment_id: ShipmentId,
    pub warehouse_id: WarehouseId,
    /// The units that leave it, one line per SKU.
    pub cancelled: Vec<Line>,
    /// What remains; nothing if the shipment is cancelled.
    pub remaining: Vec<Line>,
    /// How much less is captured for it.
    pub reduced_minor: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineCancelRefusal {
    #[error("line {0} is named twice")]
    RepeatedLine(i16),
    #[error("the order has no line {0}")]
    UnknownLine(i16),
    #[error(
        "{requested} units of line {line_no} can't be cancelled: {left} of it are neither handed over nor cancelled"
    )]
    TooManyUnits { line_no: i16, requested: u32, left: u32 },
    /// Before the confirmation there are no shipments that could lose the units.
    #[error("lines of an order that is {0} can't be cancelled; only those of `confirmed` and `shipped` orders can")]
    NotConfirmed(OrderStatus),
    #[error("other lines of this order are being cancelled; repeat the request when they are")]
    InProgress,
}

impl OrderSaga {
    /// Decides what cancelling `units` changes. `lines` are all lines of the order.
    pub fn plan_line_cancellation(
        &self,
        order: &Order,
        lines: &[OrderedLine],
        units: &[LineUnits],
    ) -> Result<LineCancellation, LineCancelRefusal> {
        if self.phase != Phase::Delivering {
            return Err(LineCancelRefusal::NotConfirmed(order.status));
        }
        if self.has_open_amendment() {
            return Err(LineCancelRefusal::InProgress);
        }
        let mut named = BTreeSet::new();
        let mut waiting = self.waiting_shipments(order.id);
        for LineUnits { line_no, quantity } in units {
            if !named.insert(*line_no) {
                return Err(LineCancelRefusal::RepeatedLine(*line_no));
            }
            let line = lines.iter().find(|line| line.line_no == *line_no);
            let line = line.ok_or(LineCancelRefusal::UnknownLine(*line_no))?;
            self.cancel_units(&mut waiting, line, quantity.get())?;
        }
        let is_whole = waiting.iter().all(|shipment| shipment.remaining.is_empty());
        if is_whole && waiting.len() == self.live_shipments().count() {
            return Ok(LineCancellation::WholeOrder);
        }
        Ok(LineCancellation::Shipments(waiting.into_iter().filter(|it| !it.cancelled.is_empty()).collect()))
    }

    /// Starts what [`Self::plan_line_cancellation`] decided.
    pub fn on_cancel_lines(
        self,
        order: &Order,
        plan: LineCancellation,
        cancellation: Cancellation,
    ) -> Result<Transition, InvalidTransition> {
        let changes = match plan {
            LineCancellation::Shipments(changes) => changes,
            LineCancellation::WholeOrder => return self.cancel_whole(order, cancellation),
        };
        let lines = changes.iter().flat_map(|change| change.cancelled.clone()).collect();
        let Cancellation { reason, note } = cancellation;
        let cleared = self.attention_cleared(order);
        let entry = TimelineEntry::LinesCancelling { lines, reason, note };
        let start = Transition::of(self.with_attempts_reset()).record_first(cleared).record(entry);
        Ok(changes.into_iter().fold(start, |transition, change| transition.amend(order, change, reason)))
    }

    fn cancel_whole(self, order: &Order, cancellation: Cancellation) -> Result<Transition, InvalidTransition> {
        let refused = InvalidTransition { transition: OrderTransition::BeginCancelling, from: order.status };
        match self.on_cancel(order, cancellation) {
            Ok(Applied::Changed(transition)) => Ok(transition),
            Ok(Applied::Unchanged) | Err(_) => Err(refused),
        }
    }

    /// The shipments that can still lose units, the last one first: with it the costs of shipping are captured.
    fn waiting_shipments(&self, order: OrderId) -> Vec<AmendedShipment> {
        let waiting = self.live_shipments().filter(|shipment| shipment.milestone().is_none());
        let shipments = waiting.map(|shipment| AmendedShipment {
            shipment_id: shipment.id(order),
            warehouse_id: shipment.warehouse,
            cancelled: Vec::new(),
            remaining: shipment.lines.clone(),
            reduced_minor: 0,
        });
        shipments.collect::<Vec<_>>().into_iter().rev().collect()
    }

    fn cancel_units(
        &self,
        shipments: &mut [AmendedShipment],
        line: &OrderedLine,
        requested: u32,
    ) -> Result<(), LineCancelRefusal> {
        let left = shipments.iter().map(|shipment| shipment.units_of(&line.sku)).sum();
        if requested > left {
            return Err(LineCancelRefusal::TooManyUnits { line_no: line.line_no, requested, left });
        }
        let mut before = self.cancelled_units.get(&line.sku).copied().unwrap_or(0);
        let mut missing = requested;
        for shipment in shipments {
            let units = shipment.units_of(&line.sku).min(missing);
            if units > 0 {
                shipment.remove(line, before, units);
                (before, missing) = (before + units, missing - units);
            }
        }
        Ok(())
    }
}

impl AmendedShipment {
    fn units_of(&self, sku: &Sku) -> u32 {
        self.remaining.iter().filter(|line| line.sku == *sku).map(|line| line.quantity.get()).sum()
    }

    /// Removes `units` of `line`, of which `before` were cancelled already. Their value is a difference of cumulative
    /// shares, so that all units of a line are worth exactly its total.
    fn remove(&mut self, line: &OrderedLine, before: u32, units: u32) {
        let value = |units: u32| share(line.total_minor, units.into(), line.quantity.get().into());
        self.reduced_minor += value(before + units) - value(before);
        let left = self.units_of(&line.sku) - units;
        self.remaining.retain(|it| it.sku != line.sku);
        let of_line = |units: u32| Some(Line { sku: line.sku.clone(), quantity: Quantity::try_from(units).ok()? });
        self.remaining.extend(of_line(left));
        self.cancelled.extend(of_line(units));
    }
}

impl Transition {
    /// Opens the amendment and sends its command.
    fn amend(mut self, order: &Order, change: AmendedShipment, reason: CancelReason) -> Self {
        let AmendedShipment { shipment_id, remaining, reduced_minor, .. } = change;
        let Some(shipment) = self.saga.allocation.shipment_mut(order.id, shipment_id) else {
            return self;
        };
        // Rounding may leave a cancelled shipment with less than nothing, which others make up for; see `amend.rs`.
        let least = if remaining.is_empty() { i64::MIN } else { 0 };
        let amount = (shipment.amount - reduced_minor).max(least);
        shipment.amendments += 1;
        shipment.amendment = Some(Amendment { lines: remaining, amount, reason, early_report: None });
        let shipment = shipment.clone();
        self.send_amend(order, &shipment)
    }
}
