//! Decides the outcome of each command of a batch, in memory, from the rows that the batch has locked. Pure, no I/O.

use crate::StoreError;
use crate::changes::StockChanges;
use crate::restock::restock;
use crate::store::{LockedReservation, NewDecision, OrderLine, ReservationUpdate};
use domain::ids::{MessageId, OrderId, ReturnId, ShipmentId};
use domain::inventory::{
    AllocationDecision, AllocationPolicy, LedgerEntry, LineState, Movement, Origin, Proximities, ReservationState,
    ReservedLine, ReservedLines, StockSnapshot, WarehouseLocations, allocate,
};
use domain::messages::{
    Allocation, InventoryCommand, ReduceReservation, ReleaseStock, Reply, ReservationReduced, ReserveStock, ShipStock,
    Shortage, StockNotShipped, StockRejected, StockReleased, StockReserved, StockShipped,
};
use messaging::Delivery;
use std::collections::{HashMap, HashSet};

/// A batch with the locked rows of its orders.
pub(crate) struct Batch<'a> {
    pub deliveries: &'a [Delivery<InventoryCommand>],
    pub reservations: HashMap<OrderId, LockedReservation>,
    /// The returns that were not restocked before.
    pub restocked: HashSet<ReturnId>,
    pub lines: HashMap<OrderId, ReservedLines>,
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
/// commands of the same batch.
pub(crate) fn decide(mut batch: Batch<'_>) -> Result<Decisions, StoreError> {
    let mut decisions = Decisions::default();
    let mut outcomes: Vec<Option<Result<Reply, String>>> = vec![None; batch.deliveries.len()];
    for (delivery, outcome) in batch.deliveries.iter().zip(&mut outcomes) {
        *outcome = match &delivery.command {
            InventoryCommand::Release(command) => {
                Some(Ok(release(&mut batch, &mut decisions, command, delivery.header.id)?))
            }
            InventoryCommand::Ship(command) => Some(Ok(ship(&mut batch, &mut decisions, command, delivery.header.id)?)),
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
    for (delivery, outcome) in batch.deliveries.iter().zip(&mut outcomes) {
        if let InventoryCommand::Reserve(command) = &delivery.command {
            *outcome = Some(match validation_error(&delivery.command) {
                Some(why) => Err(why),
                None => Ok(reserve(&mut batch, &mut decisions, command, delivery.header.id)),
            });
        }
    }
    decisions.outcomes = outcomes.into_iter().flatten().collect();
    Ok(decisions)
}

fn reserve(batch: &mut Batch<'_>, decisions: &mut Decisions, command: &ReserveStock, cause: MessageId) -> Reply {
    let order_id = command.order_id;
    let existing = batch.reservations.get(&order_id).filter(|reservation| !reservation.is_new);
    if let Some(reservation) = existing {
        return match reservation.state {
            ReservationState::Reserved => {
                reserved(order_id, batch.lines.get(&order_id).map(ReservedLines::allocations).unwrap_or_default())
            }
            ReservationState::Rejected => rejected(order_id, reservation.shortages.clone()),
            ReservationState::Released => rejected(order_id, vec![]),
        };
    }
    let policy = command.policy.unwrap_or(batch.policy);
    let proximities = Proximities { destination: command.destination.as_ref(), warehouses: &batch.locations };
    let AllocationDecision { policy, outcome, alternatives } =
        allocate(policy, &mut batch.stock, &command.lines, &proximities);
    decisions.changes.decisions.push(NewDecision { order_id, policy, alternatives });
    match outcome {
        Ok(allocations) => {
            for allocation in &allocations {
                decisions.reserve_line(order_id, allocation, cause);
            }
            reserved(order_id, allocations)
        }
        Err(shortages) => {
            let state = ReservationState::Rejected;
            decisions.changes.reservations.push(ReservationUpdate {
                order_id,
                state,
                shortages: Some(shortages.clone()),
            });
            rejected(order_id, shortages)
        }
    }
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
) -> Result<Reply, StoreError> {
    let ShipStock { order_id, shipment_id, warehouse_id, ref skus } = *command;
    let reserved_lines = batch.lines.get(&order_id).cloned().unwrap_or_default();
    let lines = match reserved_lines.ship(warehouse_id, skus) {
        Ok(lines) => lines,
        Err(refusal) => {
            let reason = refusal.to_string();
            return Ok(Reply::StockNotShipped(StockNotShipped { order_id, shipment_id, reason }));
        }
    };
    for line in lines {
        let closed = ReservedLine { state: LineState::Shipped, ..line.clone() };
        decisions.change_line(&mut batch.stock, order_id, closed, line.shipped(), Some(shipment_id), cause)?;
    }
    Ok(Reply::StockShipped(StockShipped { order_id, shipment_id }))
}

impl Decisions {
    /// Adds a reserved line. The allocator has already subtracted its units from the available stock.
    fn reserve_line(&mut self, order_id: OrderId, allocation: &Allocation, cause: MessageId) {
        let Allocation { warehouse_id, sku, quantity } = allocation.clone();
        let movement = Movement::Reserved(quantity.get());
        let origin = Origin::Order { order_id, shipment_id: None, cause };
        self.changes.entries.push(LedgerEntry { sku: sku.clone(), warehouse_id, movement, origin });
        let line = ReservedLine { sku, warehouse_id, quantity, state: LineState::Active };
        self.changes.new_lines.push(OrderLine { order_id, line });
    }

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

fn reserved(order_id: OrderId, allocations: Vec<Allocation>) -> Reply {
    Reply::StockReserved(StockReserved { order_id, allocations })
}

fn rejected(order_id: OrderId, shortages: Vec<Shortage>) -> Reply {
    Reply::StockRejected(StockRejected { order_id, shortages })
}
