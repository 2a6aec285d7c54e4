//! What a cancellation would do, for people who decide whether to request it.

use super::cancel_lines::{AmendedShipment, LineCancelRefusal, LineCancellation, OrderedLine};
use super::order_saga::OrderSaga;
use crate::applied::Applied;
use crate::ids::{ShipmentId, WarehouseId};
use crate::money::Money;
use crate::order::{Order, OrderPaymentStatus, OrderStatus};
use crate::product::Line;
use crate::refund::LineUnits;

/// The effects of a cancellation as far as they are known: a step whose reply is awaited may still add to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancellationPreview {
    pub cancels_order: bool,
    /// What of the authorized amount is not captured because of it.
    pub voided: Money,
    /// Units that return to the available stock.
    pub released: Vec<(WarehouseId, Line)>,
    pub cancelled_shipments: Vec<ShipmentId>,
    /// What remains of the shipments that lose some of their units, and is booked again.
    pub reshipped: Vec<(WarehouseId, Vec<Line>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefusal {
    #[error("an order that is {0} can't be cancelled; only `pending` and `confirmed` orders can")]
    TooLate(OrderStatus),
    #[error(transparent)]
    Lines(#[from] LineCancelRefusal),
}

impl OrderSaga {
    /// Without `units`, of the whole order.
    pub fn preview_cancellation(
        &self,
        order: &Order,
        lines: &[OrderedLine],
        units: &[LineUnits],
    ) -> Result<CancellationPreview, CancelRefusal> {
        if units.is_empty() {
            return self.preview_whole(order);
        }
        match self.plan_line_cancellation(order, lines, units)? {
            LineCancellation::WholeOrder => self.preview_whole(order),
            LineCancellation::Shipments(changes) => Ok(preview_lines(order, &changes)),
        }
    }

    fn preview_whole(&self, order: &Order) -> Result<CancellationPreview, CancelRefusal> {
        let is_first = match order.status.begin_cancelling() {
            Ok(Applied::Changed(_)) => true,
            Ok(Applied::Unchanged) => false,
            Err(_) => return Err(CancelRefusal::TooLate(order.status)),
        };
        if self.has_open_amendment() {
            return Err(LineCancelRefusal::InProgress.into());
        }
        let shipments = || self.live_shipments().filter(|_| is_first);
        let is_authorized = is_first && order.payment == OrderPaymentStatus::Authorized;
        let to_capture = Money { amount_minor: shipments().map(|shipment| shipment.amount).sum(), ..order.total };
        let released = shipments().flat_map(|it| it.lines.iter().map(|line| (it.warehouse, line.clone())));
        Ok(CancellationPreview {
            cancels_order: true,
            voided: if is_authorized { to_capture } else { Money::zero(order.total.currency) },
            released: released.collect(),
            cancelled_shipments: shipments().map(|shipment| shipment.id(order.id)).collect(),
            reshipped: Vec::new(),
        })
    }
}

fn preview_lines(order: &Order, changes: &[AmendedShipment]) -> CancellationPreview {
    let reduced = changes.iter().map(|change| change.reduced_minor).sum();
    let released = changes.iter().flat_map(|it| it.cancelled.iter().map(|line| (it.warehouse_id, line.clone())));
    let reshipped = changes.iter().filter(|change| !change.remaining.is_empty());
    CancellationPreview {
        cancels_order: false,
        voided: Money { amount_minor: reduced, ..order.total },
        released: released.collect(),
        cancelled_shipments: changes.iter().map(|change| change.shipment_id).collect(),
        reshipped: reshipped.map(|change| (change.warehouse_id, change.remaining.clone())).collect(),
    }
}
