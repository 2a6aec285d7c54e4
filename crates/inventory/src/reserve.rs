//! Decides a reserve command. Pure, no I/O.

use crate::batch::{Batch, Decisions};
use crate::replies::{backordered, rejected, reserved};
use crate::store::{LockedReservation, NewBackorder, NewDecision, ReservationUpdate};
use domain::ids::OrderId;
use domain::inventory::{
    AllocationDecision, BackorderDecision, Proximities, ReservationState, ReservedLines, allocate_or_wait,
};
use domain::messages::{InventoryCommand, MissingUnits, Reply, ReserveStock, Shortage};
use messaging::Delivery;

pub(crate) fn reserve(
    batch: &mut Batch<'_>,
    decisions: &mut Decisions,
    command: &ReserveStock,
    delivery: &Delivery<InventoryCommand>,
) -> Reply {
    let order_id = command.order_id;
    if let Some(existing) = batch.reservations.get(&order_id).filter(|reservation| !reservation.is_new) {
        return again(batch, order_id, existing);
    }
    let policy = command.policy.unwrap_or(batch.policy);
    let proximities = Proximities { destination: command.destination.as_ref(), warehouses: &batch.locations };
    let BackorderDecision { decision, missing } =
        allocate_or_wait(policy, &mut batch.stock, &command.lines, &proximities);
    let AllocationDecision { policy, outcome, alternatives } = decision;
    decisions.changes.decisions.push(NewDecision { order_id, policy, alternatives });
    let allocations = match outcome {
        Ok(allocations) => allocations,
        Err(shortages) => return refuse(decisions, order_id, shortages),
    };
    for allocation in &allocations {
        decisions.changes.reserve_line(order_id, allocation, delivery.header.id);
    }
    if missing.is_empty() {
        return reserved(order_id, allocations);
    }
    let destination = command.destination.clone();
    let correlation_id = delivery.header.trace.correlation_id.clone();
    wait(decisions, NewBackorder { order_id, missing, policy, destination, correlation_id, cause: delivery.header.id })
}

/// The reply to a repeated command.
fn again(batch: &Batch<'_>, order_id: OrderId, reservation: &LockedReservation) -> Reply {
    match reservation.state {
        ReservationState::Reserved => {
            reserved(order_id, batch.lines.get(&order_id).map(ReservedLines::allocations).unwrap_or_default())
        }
        ReservationState::Waiting => {
            let missing = batch.missing.get(&order_id).into_iter().flatten();
            let missing = missing.map(|(sku, units)| MissingUnits { sku: sku.clone(), units: *units });
            backordered(order_id, missing.collect())
        }
        ReservationState::Rejected => rejected(order_id, reservation.shortages.clone()),
        ReservationState::Released => rejected(order_id, vec![]),
    }
}

fn refuse(decisions: &mut Decisions, order_id: OrderId, shortages: Vec<Shortage>) -> Reply {
    let (state, stored) = (ReservationState::Rejected, Some(shortages.clone()));
    decisions.changes.reservations.push(ReservationUpdate { order_id, state, shortages: stored });
    rejected(order_id, shortages)
}

fn wait(decisions: &mut Decisions, backorder: NewBackorder) -> Reply {
    let (order_id, state, missing) = (backorder.order_id, ReservationState::Waiting, backorder.missing.clone());
    decisions.changes.reservations.push(ReservationUpdate { order_id, state, shortages: None });
    decisions.changes.new_backorders.push(backorder);
    backordered(order_id, missing)
}
