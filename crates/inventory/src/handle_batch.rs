//! Handles a batch of commands in a constant number of statements: lock the orders' reservations, lock the stock rows,
//! read the lines of existing reservations, decide in memory, write at the commit. A batch of new reserve commands costs six
//! statements, one more if any is rejected or waits, and one more if any is allocated by the distance to its destination.

use crate::batch::{Batch, Decisions};
use crate::changes::StockChanges;
use crate::decide::{decide, validation_error};
use crate::restock::restocks;
use crate::store::{self, LockedReservation, NewReservation};
use crate::{Inventory, StoreError};
use domain::Timestamp;
use domain::ids::{OrderId, WarehouseId};
use domain::inventory::{AllocationPolicy, ReservationState, StockSnapshot, WarehouseLocations};
use domain::messages::{InventoryCommand, Queue, ReserveStock};
use domain::product::Sku;
use messaging::{Delivery, Handle, HandleError, Handled, Verdict};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};

impl Handle for Inventory {
    type Command = InventoryCommand;
    type Changes = StockChanges;
    const QUEUE: Queue = Queue::Inventory;

    async fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
        now: Timestamp,
    ) -> Result<Handled<StockChanges>, HandleError> {
        let reservations = store::lock_reservations(tx, &new_reservations(batch), now).await?;
        let needs = Needs::of(batch, &reservations);
        let restocks = restocks(batch);
        let restocked = store::insert_restocks(tx, &restocks, now).await?;
        if !restocks.is_empty() {
            store::insert_missing_stock(tx, &restocked_stock(batch), now).await?;
        }
        let stock = store::lock_stock(tx, &needs.skus, &needs.closing).await?;
        // Read after the stock rows are locked: lines change only under that lock, so this read is current, and other
        // transactions that release or ship the same lines wait.
        let lines = store::find_lines(tx, &needs.loaded).await?;
        let missing = store::find_backorders(tx, &needs.waiting).await?;
        let waiting_units = store::missing_units(tx, &needs.obtainable_skus(&stock)).await?;
        let (policy, locations) = (self.policy, self.locations(tx, batch).await?);
        let rows = Batch {
            deliveries: batch,
            reservations,
            restocked,
            lines,
            missing,
            waiting_units,
            stock,
            policy,
            locations,
        };
        Ok(handled(batch, decide(rows)?, now))
    }
}

impl Inventory {
    /// Read only if a command needs them.
    async fn locations(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
    ) -> Result<WarehouseLocations, StoreError> {
        let needs_them = batch.iter().any(|delivery| match &delivery.command {
            InventoryCommand::Reserve(ReserveStock { policy, destination, .. }) => {
                destination.is_some() && policy.unwrap_or(self.policy) == AllocationPolicy::Nearest
            }
            InventoryCommand::Release(_)
            | InventoryCommand::Ship(_)
            | InventoryCommand::Reduce(_)
            | InventoryCommand::Restock(_) => false,
        });
        if needs_them { store::find_locations(tx).await } else { Ok(WarehouseLocations::new()) }
    }
}

/// The reservations to lock, or to create, for reserve and release commands. Commands that ship or reduce need
/// none: they create no reservation and only change lines, which are guarded by the lock of their stock rows.
fn new_reservations(batch: &[Delivery<InventoryCommand>]) -> Vec<NewReservation> {
    let new_reservation = |delivery: &Delivery<InventoryCommand>| {
        let (order_id, state) = match &delivery.command {
            InventoryCommand::Reserve(reserve) => (reserve.order_id, ReservationState::Reserved),
            InventoryCommand::Release(release) => (release.order_id, ReservationState::Released),
            InventoryCommand::Ship(_) | InventoryCommand::Reduce(_) | InventoryCommand::Restock(_) => return None,
        };
        Some(NewReservation { order_id, state, cause: delivery.header.id })
    };
    batch.iter().filter(|delivery| validation_error(&delivery.command).is_none()).filter_map(new_reservation).collect()
}

/// The stock rows of returned units: a warehouse may receive a SKU that it never had.
fn restocked_stock<'a>(batch: &'a [Delivery<InventoryCommand>]) -> Vec<(&'a Sku, WarehouseId)> {
    let restock = |delivery: &'a Delivery<InventoryCommand>| match &delivery.command {
        InventoryCommand::Restock(command) => Some(command),
        _ => None,
    };
    let restocks = batch.iter().filter_map(restock);
    restocks.flat_map(|command| command.lines.iter().map(|line| (&line.sku, command.warehouse_id))).collect()
}

/// The rows that are needed to decide a batch.
#[derive(Default)]
struct Needs {
    /// SKUs of new reservations and of returns.
    skus: Vec<Sku>,
    /// Whether units of SKUs come back, so that they may be available at the end of the batch only.
    has_restocks: bool,
    /// Orders whose lines are released or shipped.
    closing: Vec<OrderId>,
    /// Orders whose lines are loaded: those above, and orders with a repeated reserve command.
    loaded: Vec<OrderId>,
    /// Orders with a repeated reserve command or a release that wait for units.
    waiting: Vec<OrderId>,
}

impl Needs {
    fn of(batch: &[Delivery<InventoryCommand>], reservations: &HashMap<OrderId, LockedReservation>) -> Self {
        let mut skus = BTreeSet::new();
        let mut needs = Self::default();
        for delivery in batch {
            match &delivery.command {
                InventoryCommand::Reserve(reserve) => match reservations.get(&reserve.order_id) {
                    Some(found) if found.is_new => skus.extend(reserve.lines.iter().map(|line| line.sku.clone())),
                    Some(found) if found.state == ReservationState::Reserved => needs.loaded.push(reserve.order_id),
                    _ => {}
                },
                InventoryCommand::Release(release)
                    if reservations.get(&release.order_id).is_some_and(|found| !found.is_new) =>
                {
                    needs.closing.push(release.order_id);
                }
                InventoryCommand::Release(_) => {}
                InventoryCommand::Ship(ship) => needs.closing.push(ship.order_id),
                InventoryCommand::Reduce(reduce) => needs.closing.push(reduce.order_id),
                InventoryCommand::Restock(restock) => {
                    needs.has_restocks = true;
                    skus.extend(restock.lines.iter().map(|line| line.sku.clone()));
                }
            }
        }
        needs.loaded.extend(&needs.closing);
        let waiting = reservations.iter().filter(|(_, found)| found.state == ReservationState::Waiting);
        needs.waiting = waiting.map(|(order, _)| *order).collect();
        Self { skus: skus.into_iter().collect(), ..needs }
    }

    /// The SKUs that new reservations may get units of. How many units earlier orders wait for matters for these only;
    /// of a SKU that is sold out it may be the sum of many rows.
    fn obtainable_skus(&self, stock: &StockSnapshot) -> Vec<Sku> {
        let units_come_back = self.has_restocks || !self.closing.is_empty();
        self.skus.iter().filter(|sku| units_come_back || stock.available(sku) > 0).cloned().collect()
    }
}

fn handled(batch: &[Delivery<InventoryCommand>], decisions: Decisions, now: Timestamp) -> Handled<StockChanges> {
    let mut handled = Handled { changes: decisions.changes, ..Handled::default() };
    for (delivery, outcome) in batch.iter().zip(decisions.outcomes) {
        match outcome {
            Ok(reply) => {
                handled.outgoing.push(delivery.reply(&reply, now));
                handled.verdicts.push(Verdict::Done);
            }
            Err(why) => handled.verdicts.push(Verdict::Poison(why)),
        }
    }
    handled
}
