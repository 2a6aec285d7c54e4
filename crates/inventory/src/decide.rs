//! What becomes of each command of a batch, decided in memory on what the batch has locked. Pure.

use crate::StoreError;
use crate::store::{ClaimedHeader, HeldFor, SettledHeader};
use domain::ids::{MessageId, OrderId, ShipmentId};
use domain::inventory::{Entry, HeldLine, Holding, LineState, Movement, Origin, ReservationState, Shelves, allocate};
use domain::messages::{
    Allocation, InventoryCommand, ReleaseStock, Reply, ReserveStock, ShipStock, Shortage, StockRejected, StockReleased,
    StockReserved, StockShipped,
};
use messaging::Delivery;
use std::collections::{HashMap, HashSet};

/// A batch, and all that is known of its orders.
pub(crate) struct Batch<'a> {
    pub deliveries: &'a [Delivery<InventoryCommand>],
    pub headers: HashMap<OrderId, ClaimedHeader>,
    pub holdings: HashMap<OrderId, Holding>,
    pub shelves: Shelves,
}

/// What is to be written and said. An answer is a reply, or why the command is poison; one a delivery.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    pub entries: Vec<Entry>,
    pub held: Vec<HeldFor>,
    /// Lines in their new state.
    pub settled: Vec<HeldFor>,
    pub headers: Vec<SettledHeader>,
    pub answers: Vec<Result<Reply, String>>,
}

/// Why a command can't be carried out by anybody, ever.
pub(crate) fn flaw(command: &InventoryCommand) -> Option<String> {
    let InventoryCommand::Reserve(reserve) = command else { return None };
    let mut skus = HashSet::new();
    let twice = reserve.lines.iter().find(|line| !skus.insert(&line.sku));
    match twice {
        Some(line) => Some(format!("order {} names {} in two lines", reserve.order_id, line.sku)),
        None if reserve.lines.is_empty() => Some(format!("order {} has no lines", reserve.order_id)),
        None => None,
    }
}

/// Undo goes first: what is given back can serve the reserves of the same batch.
pub(crate) fn decide(mut batch: Batch<'_>) -> Result<Decisions, StoreError> {
    let mut decisions = Decisions::default();
    let mut answers: Vec<Option<Result<Reply, String>>> = vec![None; batch.deliveries.len()];
    for (delivery, answer) in batch.deliveries.iter().zip(&mut answers) {
        *answer = match &delivery.command {
            InventoryCommand::Release(command) => {
                Some(Ok(release(&mut batch, &mut decisions, command, delivery.header.id)?))
            }
            InventoryCommand::Ship(command) => Some(ship(&mut batch, &mut decisions, command, delivery.header.id)?),
            InventoryCommand::Reserve(_) => None,
        };
    }
    for (delivery, answer) in batch.deliveries.iter().zip(&mut answers) {
        if let InventoryCommand::Reserve(command) = &delivery.command {
            *answer = Some(match flaw(&delivery.command) {
                Some(why) => Err(why),
                None => Ok(reserve(&mut batch, &mut decisions, command, delivery.header.id)),
            });
        }
    }
    decisions.answers = answers.into_iter().flatten().collect();
    Ok(decisions)
}

fn reserve(batch: &mut Batch<'_>, decisions: &mut Decisions, command: &ReserveStock, cause: MessageId) -> Reply {
    let order_id = command.order_id;
    let known = batch.headers.get(&order_id).filter(|header| !header.is_new);
    if let Some(header) = known {
        return match header.state {
            ReservationState::Reserved => {
                reserved(order_id, batch.holdings.get(&order_id).map(Holding::allocations).unwrap_or_default())
            }
            ReservationState::Rejected => rejected(order_id, header.shortages.clone()),
            ReservationState::Released => rejected(order_id, vec![]),
        };
    }
    match allocate(&mut batch.shelves, &command.lines) {
        Ok(allocations) => {
            for allocation in &allocations {
                decisions.hold(order_id, allocation, cause);
            }
            reserved(order_id, allocations)
        }
        Err(shortages) => {
            let state = ReservationState::Rejected;
            decisions.headers.push(SettledHeader { order_id, state, shortages: Some(shortages.clone()) });
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
    let Some(header) = batch.headers.get(&order_id).filter(|header| !header.is_new) else { return Ok(reply) };
    let state = header.state.release();
    if state != header.state {
        decisions.headers.push(SettledHeader { order_id, state, shortages: None });
    }
    let holding = batch.holdings.get(&order_id).cloned().unwrap_or_default();
    for line in holding.release() {
        let settled = HeldLine { state: LineState::Released, ..line.clone() };
        decisions.settle(&mut batch.shelves, order_id, settled, line.released(), None, cause)?;
    }
    Ok(reply)
}

fn ship(
    batch: &mut Batch<'_>,
    decisions: &mut Decisions,
    command: &ShipStock,
    cause: MessageId,
) -> Result<Result<Reply, String>, StoreError> {
    let ShipStock { order_id, shipment_id, warehouse_id } = *command;
    let holding = batch.holdings.get(&order_id).cloned().unwrap_or_default();
    let lines = match holding.ship(warehouse_id) {
        Ok(lines) => lines,
        Err(refusal) => return Ok(Err(format!("order {order_id}, warehouse {warehouse_id}: {refusal}"))),
    };
    for line in lines {
        let settled = HeldLine { state: LineState::Shipped, ..line.clone() };
        decisions.settle(&mut batch.shelves, order_id, settled, line.shipped(), Some(shipment_id), cause)?;
    }
    Ok(Ok(Reply::StockShipped(StockShipped { order_id, shipment_id })))
}

impl Decisions {
    /// A line is held from now on; the allocator has taken it off its shelf already.
    fn hold(&mut self, order_id: OrderId, allocation: &Allocation, cause: MessageId) {
        let Allocation { warehouse_id, sku, quantity } = allocation.clone();
        let movement = Movement::Reserved(quantity.get());
        let origin = Origin::Order { order_id, shipment_id: None, cause };
        self.entries.push(Entry { sku: sku.clone(), warehouse_id, movement, origin });
        let line = HeldLine { sku, warehouse_id, quantity, state: LineState::Active };
        self.held.push(HeldFor { order_id, line });
    }

    /// A held line comes to its end.
    fn settle(
        &mut self,
        shelves: &mut Shelves,
        order_id: OrderId,
        line: HeldLine,
        movement: Movement,
        shipment_id: Option<ShipmentId>,
        cause: MessageId,
    ) -> Result<(), StoreError> {
        let moved = shelves.apply(&line.sku, line.warehouse_id, movement);
        moved.map_err(|refusal| StoreError::Contradiction { sku: line.sku.to_string(), refusal })?;
        let origin = Origin::Order { order_id, shipment_id, cause };
        self.entries.push(Entry { sku: line.sku.clone(), warehouse_id: line.warehouse_id, movement, origin });
        self.settled.push(HeldFor { order_id, line });
        Ok(())
    }
}

fn reserved(order_id: OrderId, allocations: Vec<Allocation>) -> Reply {
    Reply::StockReserved(StockReserved { order_id, allocations })
}

fn rejected(order_id: OrderId, shortages: Vec<Shortage>) -> Reply {
    Reply::StockRejected(StockRejected { order_id, shortages })
}
