//! Decides the outcome of each command of a batch, in memory, from the rows that the batch has locked. Pure, no I/O.

use crate::StoreError;
use crate::batch::{Batch, Decisions};
use crate::reserve::reserve;
use crate::restock::restock;
use crate::store::ReservationUpdate;
use domain::ids::MessageId;
use domain::inventory::{LineState, Movement, ReservationState, ReservedLine};
use domain::messages::{
    InventoryCommand, ReduceReservation, ReleaseStock, Reply, ReservationReduced, ShipStock, StockNotShipped,
    StockReleased, StockShipped,
};
use std::collections::HashSet;

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
