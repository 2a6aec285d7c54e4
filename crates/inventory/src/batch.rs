//! The rows that a batch has locked, and what was decided about them. Pure, no I/O.

use crate::StoreError;
use crate::changes::StockChanges;
use crate::store::{LockedReservation, OrderLine};
use domain::ids::{MessageId, OrderId, ReturnId, ShipmentId};
use domain::inventory::{
    AllocationPolicy, LedgerEntry, Movement, Origin, ReservedLine, ReservedLines, StockSnapshot, WarehouseLocations,
};
use domain::messages::{InventoryCommand, Reply};
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
    /// What all orders wait for, of the SKUs that new reservations may get units of.
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

impl Batch<'_> {
    /// What the order misses is not set aside any more.
    pub(crate) fn stop_waiting(&mut self, order_id: OrderId) {
        for (sku, units) in self.missing.get(&order_id).into_iter().flatten() {
            if let Some(waiting) = self.waiting_units.get_mut(sku) {
                *waiting = waiting.saturating_sub(units.get());
            }
        }
    }
}

impl Decisions {
    /// Releases, reduces or ships a reserved line; `line` is its new state.
    pub(crate) fn change_line(
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
