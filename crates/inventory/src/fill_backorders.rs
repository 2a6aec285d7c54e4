//! Scheduled task: reserves units that became available for the orders that wait for them, whatever made them available:
//! a receipt, a count, a transfer, a release or a return. The first orders that wait are served first.
//!
//! It locks as the handler of the queue does, reservations before stock rows, but skips reservations that are locked:
//! their units are set aside for the next run, so that no later order overtakes them.

use crate::changes::StockChanges;
use crate::store::{self, Backorder, FilledBackorder, ReservationUpdate};
use crate::{StoreError, replies};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::inventory::{
    AllocationPolicy, ReservationState, ReservedLines, StockSnapshot, WaitingOrder, WarehouseLocations, fill,
};
use domain::messages::{Allocation, MissingUnits};
use domain::product::{Quantity, Sku};
use messaging::{Outgoing, Trace, UnitOfWork, WriteContext};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap, HashSet};

/// SKUs per transaction: it locks all their stock rows.
const SKUS_MAX: i64 = 32;

/// Serves at most `limit` lines of orders. Returns how many got units; if that equals `limit`, there may be more.
pub async fn fill_backorders(context: &WriteContext, now: Timestamp, limit: u32) -> Result<usize, StoreError> {
    let mut work = UnitOfWork::begin(context).await?;
    let skus = store::find_fillable_skus(&mut work, SKUS_MAX).await?;
    if skus.is_empty() {
        return Ok(0);
    }
    let next = store::find_next_backorders(&mut work, &skus, limit.into()).await?;
    let mut batch = Batch::read(&mut work, &skus, &next).await?;
    let waiting = waiting_orders(&next, &batch);
    let filled = fill(&mut batch.stock, &waiting, &batch.locations);
    let (changes, messages) = batch.changes(filled, &next, now);
    let served = changes.filled_backorders.len();
    work.send(messages);
    work.commit(changes, now).await?;
    Ok(served)
}

/// The rows that a run has locked.
struct Batch {
    /// Those of its orders that no other transaction has locked.
    locked: HashSet<OrderId>,
    /// All that the locked orders wait for now.
    missing: HashMap<OrderId, BTreeMap<Sku, Quantity>>,
    stock: StockSnapshot,
    lines: HashMap<OrderId, ReservedLines>,
    locations: WarehouseLocations,
}

impl Batch {
    async fn read(tx: &mut PgConnection, skus: &[Sku], next: &[Backorder]) -> Result<Self, StoreError> {
        let orders: HashSet<_> = next.iter().map(|row| row.order_id).collect();
        let locked = store::lock_waiting(tx, &orders.into_iter().collect::<Vec<_>>()).await?;
        let orders: Vec<_> = locked.iter().copied().collect();
        let stock = store::lock_stock(tx, skus, &[]).await?;
        let (missing, lines) = (store::find_backorders(tx, &orders).await?, store::find_lines(tx, &orders).await?);
        let needs_locations = next.iter().any(|row| row.policy == AllocationPolicy::Nearest);
        let locations = if needs_locations { store::find_locations(tx).await? } else { WarehouseLocations::new() };
        Ok(Self { locked, missing, stock, lines, locations })
    }

    /// The units that the row is about, as they are missing now. Those of an order that is locked are not known, so what
    /// was read before counts.
    fn missing(&self, row: &Backorder) -> Option<MissingUnits> {
        let is_locked_here = self.locked.contains(&row.order_id);
        let units = if is_locked_here { *self.missing.get(&row.order_id)?.get(&row.sku)? } else { row.missing };
        Some(MissingUnits { sku: row.sku.clone(), units })
    }

    fn changes(
        mut self,
        filled: Vec<(OrderId, Vec<Allocation>)>,
        next: &[Backorder],
        now: Timestamp,
    ) -> (StockChanges, Vec<Outgoing>) {
        let (mut changes, mut messages) = (StockChanges::default(), Vec::new());
        let rows: HashMap<_, _> = next.iter().map(|row| (row.order_id, row)).collect();
        for (order_id, allocations) in filled {
            let row = rows[&order_id];
            let lines = self.lines.entry(order_id).or_default();
            for part in &allocations {
                changes.add_units(order_id, lines, part, row.cause);
            }
            let missing = self.missing.entry(order_id).or_default();
            changes.filled_backorders.extend(subtract(order_id, missing, &allocations));
            if missing.is_empty() {
                let state = ReservationState::Reserved;
                changes.reservations.push(ReservationUpdate { order_id, state, shortages: None });
                messages.push(reserved(row, lines.allocations(), now));
            }
        }
        (changes, messages)
    }
}

/// The orders in the sequence in which they are served, with their rows.
fn waiting_orders(next: &[Backorder], batch: &Batch) -> Vec<WaitingOrder> {
    let mut orders: BTreeMap<(Timestamp, OrderId), WaitingOrder> = BTreeMap::new();
    for row in next {
        let order = orders.entry((row.waiting_since, row.order_id)).or_insert_with(|| WaitingOrder {
            order_id: row.order_id,
            policy: row.policy,
            destination: row.destination.clone(),
            missing: Vec::new(),
            is_locked: !batch.locked.contains(&row.order_id),
        });
        order.missing.extend(batch.missing(row));
    }
    orders.into_values().collect()
}

/// Subtracts the allocations from what is missing, and returns what is missing now of their SKUs.
fn subtract(
    order_id: OrderId,
    missing: &mut BTreeMap<Sku, Quantity>,
    allocations: &[Allocation],
) -> Vec<FilledBackorder> {
    let mut left: BTreeMap<&Sku, u32> = BTreeMap::new();
    for Allocation { sku, quantity, .. } in allocations {
        let before = || missing.get(sku).map_or(0, |units| units.get());
        *left.entry(sku).or_insert_with(before) -= quantity.get();
    }
    for (sku, units) in &left {
        // 0 is no valid quantity: nothing is missing any more.
        match Quantity::try_from(*units) {
            Ok(units) => missing.insert((*sku).clone(), units),
            Err(_none) => missing.remove(*sku),
        };
    }
    left.into_iter().map(|(sku, missing)| FilledBackorder { order_id, sku: sku.clone(), missing }).collect()
}

/// The reply to the reserve command that began the waiting. An order is filled once, so its id is unique.
fn reserved(row: &Backorder, allocations: Vec<Allocation>, now: Timestamp) -> Outgoing {
    let (correlation_id, causation_id) = (row.correlation_id.clone(), Some(row.cause));
    let trace = Trace { correlation_id, causation_id, traceparent: None };
    let reply = replies::reserved(row.order_id, allocations);
    Outgoing::new(row.order_id, &reply, row.cause, trace, now)
}
