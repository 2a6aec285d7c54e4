//! Decides the outcome of each command of a batch, in memory, from the rows that the batch has locked. Pure, no I/O.

use crate::StoreError;
use crate::changes::StockChanges;
use crate::reserve::reserve;
use crate::restock::restock;
use crate::store::{LockedReservation, OrderLine, ReservationUpdate};
use domain::ids::{MessageId, OrderId, ReturnId, ShipmentId};
use domain::inventory::{
    AllocationPolicy, LedgerEntry, LineState, Movement, Origin, ReservationState, ReservedLine, ReservedLines,
    StockSnapshot, WarehouseLocations,
};
use domain::messages::{
    Allocation, InventoryCommand, ReduceReservation, ReleaseStock, Reply, ReservationReduced, ShipStock, Shortage,
    StockRejected, StockReleased, StockReserved, StockShipped,
};
use domain::product::{Quantity, Sku};
use messaging::Delivery;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A batch with the locked rows of its orders.
pub(crate) struct Batch<'a> {
    pub deliveries: &'a [Delivery<InventoryCommand>],
    pub reservations: HashMap<OrderId, LockedReservation>,
    /// The returns that were not restocked before.
    pub restocked: HashSet<ReturnId>,
    pub lines: HashMap<OrderId, ReservedLines>,
    /// What the waiting ones of these orders wait for.
    pub missing: HashMap<OrderId, BTreeMap<Sku, Quantity>>,
    /// What all orders wait for, of the SKUs of new reservations.
    pub waiting_units: HashMap<Sku, u32>,
    pub stock: StockSnapshot,
    /// The policy of commands without one.
    pub policy: AllocationPolicy,
    /// Read only for policy `nearest`.
    pub locations: WarehouseLocations,
}

/// The changes, and the outcomes. An outcome is a reply, or the reason why the command is poison. There is one
/// per delivery, in their order.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    pub changes: StockChanges,
    pub outcomes: Vec<Result<Reply, String>>,
}

/// Why a command is invalid, whatever the state of stock and orders. `None` for a valid command.
pub(crate) fn validation_error(command: &InventoryCommand) -> Option<String> {
    let InventoryCommand::Reserve(reserve) = command else { return None };
    let mut skus = HashSet::new();
    let duplicate = reserve.lines.iter().find(|line| !skus.insert(&line.sku));
    match duplicate {
        Some(line) => Some(format!("order {} names {} in two lines", reserve.order_id, line.sku)),
        None if reserve.lines.is_empty() => Some(format!("order {} has no lines", reserve.order_id)),
        None => None,
    }
}

/// Releases, reductions, shipments and returns are decided first, so that released and returned units can serve reserve
/// commands of the same batch. Orders that wait come first: what they miss is set aside.
pub(crate) fn decide(mut batch: Batch<'_>) -> Result<Decisions, StoreError> {
    let mut decisions = Decisions::default();
    let mut outcomes: Vec<Option<Result<Reply, String>>> = vec![None; batch.deliveries.len()];
    for (delivery, outcome) in batch.deliveries.iter().zip(&mut outcomes) {
        *outcome = match &delivery.command {
            InventoryCommand::Release(command) => {
                Some(Ok(release(&mut batch, &mut decisions, command, delivery.header.id)?))
            }
            InventoryCommand::Ship(command) => Some(ship(&mut batch, &mut decisions, command, delivery.header.id)?),
            InventoryCommand::Reduce(command) => {
                Some(Ok(reduce(&mut batch, &mut decisions, command, delivery.header.id)?))
            }
            InventoryCommand::Restock(command) => {
                let (stock, new) = (&mut batch.stock, &batch.restocked);
                Some(Ok(restock(stock, new, &mut decisions.changes, command, delivery.header.id)?))
            }
            InventoryCommand::Reserve(_) => None,
        };
    }
    for (sku, units) in &batch.waiting_units {
        batch.stock.set_aside(sku, *units);
    }
    for (delivery, outcome) in batch.deliveries.iter().zip(&mut outcomes) {
        if let InventoryCommand::Reserve(command) = &delivery.command {
            *outcome = Some(match validation_error(&delivery.command) {
                Some(why) => Err(why),
                None => Ok(reserve(&mut batch, &mut decisions, command, delivery)),
            });
        }
    }
    decisions.outcomes = outcomes.into_iter().flatten().collect();
    Ok(decisions)
}

fn release(
    batch: &mut Batch<'_>,
    decisions: &mut Decisions,
    command: &ReleaseStock,
    cause: MessageId,
) -> Result<Reply, StoreError> {
    let order_id = command.order_id;
    let reply = Reply::StockReleased(StockReleased { order_id });
    let Some(reservation) = batch.reservations.get(&order_id).filter(|reservation| !reservation.is_new) else {
        return Ok(reply);
    };
    let state = reservation.state.release();
    if state != reservation.state {
        decisions.changes.reservations.push(ReservationUpdate { order_id, state, shortages: None });
    }
    if reservation.state == ReservationState::Waiting {
        batch.stop_waiting(order_id);
        decisions.changes.ended_backorders.push(order_id);
    }
    let reserved_lines = batch.lines.get(&order_id).cloned().unwrap_or_default();
    for line in reserved_lines.release() {
        let closed = ReservedLine { state: LineState::Released, ..line.clone() };
        decisions.change_line(&mut batch.stock, order_id, closed, line.released(), None, cause)?;
    }
    Ok(reply)
}

fn reduce(
    batch: &mut Batch<'_>,
    decisions: &mut Decisions,
    command: &ReduceReservation,
    cause: MessageId,
) -> Result<Reply, StoreError> {
    let ReduceReservation { order_id, shipment_id, warehouse_id, ref lines } = *command;
    let reserved_lines = batch.lines.get(&order_id).cloned().unwrap_or_default();
    for (line, units) in reserved_lines.reduce(warehouse_id, lines) {
        let (movement, shipment) = (Movement::Released(units), Some(shipment_id));
        decisions.change_line(&mut batch.stock, order_id, line, movement, shipment, cause)?;
    }
    Ok(Reply::ReservationReduced(ReservationReduced { order_id, shipment_id }))
}

fn ship(
    batch: &mut Batch<'_>,
    decisions: &mut Decisions,
    command: &ShipStock,
    cause: MessageId,
) -> Result<Result<Reply, String>, StoreError> {
    let ShipStock { order_id, shipment_id, warehouse_id, ref skus } = *command;
    let reserved_lines = batch.lines.get(&order_id).cloned().unwrap_or_default();
    let lines = match reserved_lines.ship(warehouse_id, skus) {
        Ok(lines) => lines,
        Err(refusal) => return Ok(Err(format!("order {order_id}, warehouse {warehouse_id}: {refusal}"))),
    };
    for line in lines {
        let closed = ReservedLine { state: LineState::Shipped, ..line.clone() };
        decisions.change_line(&mut batch.stock, order_id, closed, line.shipped(), Some(shipment_id), cause)?;
    }
    Ok(Ok(Reply::StockShipped(StockShipped { order_id, shipment_id })))
}

impl Batch<'_> {
    /// What the order misses is not set aside any more.
    fn stop_waiting(&mut self, order_id: OrderId) {
        for (sku, units) in self.missing.get(&order_id).into_iter().flatten() {
            if let Some(waiting) = self.waiting_units.get_mut(sku) {
                *waiting = waiting.saturating_sub(units.get());
            }
        }
    }
}

impl Decisions {
    /// Releases, reduces or ships a reserved line; `line` is its new state.
    fn change_line(
        &mut self,
        stock: &mut StockSnapshot,
        order_id: OrderId,
        line: ReservedLine,
        movement: Movement,
        shipment_id: Option<ShipmentId>,
        cause: MessageId,
    ) -> Result<(), StoreError> {
        let moved = stock.apply(&line.sku, line.warehouse_id, movement);
        moved.map_err(|refusal| StoreError::Contradiction { sku: line.sku.to_string(), refusal })?;
        let origin = Origin::Order { order_id, shipment_id, cause };
        self.changes.entries.push(LedgerEntry {
            sku: line.sku.clone(),
            warehouse_id: line.warehouse_id,
            movement,
            origin,
        });
        self.changes.changed_lines.push(OrderLine { order_id, line });
        Ok(())
    }
}

pub(crate) fn reserved(order_id: OrderId, allocations: Vec<Allocation>) -> Reply {
    Reply::StockReserved(StockReserved { order_id, allocations })
}

pub(crate) fn rejected(order_id: OrderId, shortages: Vec<Shortage>) -> Reply {
    Reply::StockRejected(StockRejected { order_id, shortages })
}
