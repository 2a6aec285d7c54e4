//! Test harness: two warehouses, and batches that are passed to the slice as the consumer does.

use domain::ids::{MessageId, OrderId, ReturnId, ShipmentId, WarehouseId};
use domain::inventory::{AllocationPolicy, Origin, Warehouse};
use domain::location::Location;
use domain::messages::{
    InventoryCommand, MissingUnits, ReduceReservation, ReleaseStock, RemainingUnits, Reply, ReserveStock,
    RestockReturn, ShipStock, Shortage, StockBackordered, StockRejected, StockReserved,
};
use domain::product::{Line, Quantity, Sku};
use inventory::{Inventory, Receipt};
use messaging::{Changes, Delivery, Handle, HandleError, Handled, Header, Trace, Verdict, WriteContext};
use platform::audit::NoAudit;
use sqlx::PgPool;
use uuid::Uuid;

/// Stock rows whose counters are not the sums of their ledger entries, or whose `reserved` is not the sum of their
/// active reserved lines. `orderctl verify` checks the same.
const INCONSISTENT_STOCK: &str = "
    WITH ledger AS (
        SELECT sku, warehouse_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
          FROM inventory.ledger GROUP BY sku, warehouse_id
    ), line AS (
        SELECT sku, warehouse_id, sum(quantity) AS reserved
          FROM inventory.reservation_lines WHERE state = 'active' GROUP BY sku, warehouse_id
    )
    SELECT format('%s: on hand %s, ledger %s; reserved %s, ledger %s, lines %s', sku, stock.on_hand, ledger.on_hand,
                  stock.reserved, ledger.reserved, line.reserved)
      FROM inventory.stock FULL JOIN ledger USING (sku, warehouse_id) FULL JOIN line USING (sku, warehouse_id)
     WHERE COALESCE(stock.on_hand, 0) <> COALESCE(ledger.on_hand, 0)
        OR COALESCE(stock.reserved, 0) <> COALESCE(ledger.reserved, 0)
        OR COALESCE(stock.reserved, 0) <> COALESCE(line.reserved, 0)";

pub struct Harness {
    pub pool: PgPool,
    pub east: WarehouseId,
    pub west: WarehouseId,
    pub policy: AllocationPolicy,
}

pub fn sku(text: &str) -> Sku {
    text.parse().expect("a SKU")
}

pub fn order() -> OrderId {
    OrderId::from_uuid(Uuid::now_v7())
}

impl Harness {
    /// East has the first priority. `stock` is (SKU, units in the east, units in the west).
    pub async fn new(pool: PgPool, stock: &[(&str, u32, u32)]) -> Self {
        let [east, west] = [1_i32, 2].map(|_| WarehouseId::from_uuid(Uuid::now_v7()));
        for (id, code, priority) in [(east, "EAST", 1), (west, "WEST", 2)] {
            let warehouse = Warehouse::new(id, code.parse().expect("a code"), code, priority).expect("a warehouse");
            inventory::create_warehouse(&pool, &warehouse, platform::clock::now(), &NoAudit).await.expect("it is new");
        }
        let harness = Self { pool, east, west, policy: AllocationPolicy::default() };
        harness.receive(stock).await;
        harness
    }

    pub async fn receive(&self, stock: &[(&str, u32, u32)]) {
        let receipts = |(name, east, west): &(&str, u32, u32)| {
            [(self.east, *east), (self.west, *west)].map(|(warehouse_id, units)| Receipt {
                sku: sku(name),
                warehouse_id,
                units,
            })
        };
        let receipts: Vec<_> = stock.iter().flat_map(receipts).collect();
        let origin = Origin::Person { actor: "test".to_owned(), reason: "initial stock".to_owned() };
        inventory::receive_many(&self.pool, &receipts, &origin, platform::clock::now()).await.expect("received");
    }

    /// Handles the batch in one transaction and commits it.
    pub async fn handle(&self, batch: &[Delivery<InventoryCommand>]) -> Result<Handled<()>, HandleError> {
        let (mut tx, now) = (platform::postgres::begin(&self.pool).await?, platform::clock::now());
        let Handled { verdicts, changes, outgoing } =
            Inventory { policy: self.policy }.handle(&mut tx, batch, now).await?;
        changes.save(&mut tx, now).await?;
        tx.commit().await?;
        Ok(Handled { verdicts, changes: (), outgoing })
    }

    /// Handles the batch, expects every message to be done, and returns the replies.
    pub async fn handle_all(&self, batch: &[Delivery<InventoryCommand>]) -> Vec<Reply> {
        let handled = self.handle(batch).await.expect("the batch is handled");
        assert_eq!(handled.verdicts, vec![Verdict::Done; batch.len()]);
        replies(&handled)
    }

    pub async fn reserve(&self, order_id: OrderId, lines: &[(&str, u32)]) -> Reply {
        self.handle_all(&[reserve(order_id, lines)]).await.remove(0)
    }

    /// One run of the task that fills backorders. Returns how many lines it served.
    pub async fn fill_at_most(&self, limit: u32) -> usize {
        let context = WriteContext::of(self.pool.clone());
        inventory::fill_backorders(&context, platform::clock::now(), limit).await.expect("filled")
    }

    /// Runs the task until nothing is left to do, and returns the replies that it sends, the oldest order first.
    pub async fn fill(&self) -> Vec<Reply> {
        while self.fill_at_most(100).await > 0 {}
        let sent = "WITH sent AS (DELETE FROM messaging.outbox RETURNING seq, payload)
                    SELECT payload FROM sent ORDER BY seq";
        let payloads: Vec<String> = sqlx::query_scalar(sent).fetch_all(&self.pool).await.expect("read");
        payloads.iter().map(|payload| serde_json::from_str(payload).expect("a reply")).collect()
    }

    /// The units that orders wait for.
    pub async fn missing(&self) -> i64 {
        let sum = "SELECT coalesce(sum(missing), 0)::bigint FROM inventory.backorders";
        sqlx::query_scalar(sum).fetch_one(&self.pool).await.expect("read")
    }

    /// (on hand, reserved) of a SKU, in the east and in the west.
    pub async fn counters(&self, name: &str) -> [(u32, u32); 2] {
        let items = inventory::find_stock(&self.pool, &sku(name)).await.expect("found");
        [self.east, self.west].map(|warehouse| {
            let item = items.iter().find(|item| item.warehouse_id == warehouse);
            item.map_or((0, 0), |item| (item.level.on_hand(), item.level.reserved()))
        })
    }

    pub async fn assert_ledger_consistent(&self) {
        let rows: Vec<String> = sqlx::query_scalar(INCONSISTENT_STOCK).fetch_all(&self.pool).await.expect("rows");
        assert!(rows.is_empty(), "{rows:#?}");
    }
}

pub fn reserve(order_id: OrderId, lines: &[(&str, u32)]) -> Delivery<InventoryCommand> {
    reserve_as(order_id, lines, None, None)
}

/// With a policy of its own, or a destination.
pub fn reserve_as(
    order_id: OrderId,
    lines: &[(&str, u32)],
    policy: Option<AllocationPolicy>,
    destination: Option<Location>,
) -> Delivery<InventoryCommand> {
    let quantity = |units| Quantity::try_from(units).expect("a quantity");
    let lines = lines.iter().map(|(name, units)| Line { sku: sku(name), quantity: quantity(*units) }).collect();
    delivery(
        order_id,
        InventoryCommand::Reserve(ReserveStock { policy, destination, ..ReserveStock::new(order_id, lines) }),
    )
}

/// All its lines may wait.
pub fn reserve_waiting(order_id: OrderId, lines: &[(&str, u32)]) -> Delivery<InventoryCommand> {
    let mut delivery = reserve(order_id, lines);
    if let InventoryCommand::Reserve(command) = &mut delivery.command {
        for line in &mut command.lines {
            line.may_wait = true;
        }
    }
    delivery
}

pub fn release(order_id: OrderId) -> Delivery<InventoryCommand> {
    delivery(order_id, InventoryCommand::Release(ReleaseStock { order_id }))
}

/// As a saga of plan 1 sends it: for all that the order has reserved in the warehouse.
pub fn ship(order_id: OrderId, warehouse_id: WarehouseId) -> Delivery<InventoryCommand> {
    ship_skus(order_id, warehouse_id, &[])
}

pub fn ship_skus(order_id: OrderId, warehouse_id: WarehouseId, skus: &[&str]) -> Delivery<InventoryCommand> {
    let (shipment_id, skus) = (ShipmentId::of(order_id, warehouse_id), skus.iter().map(|name| sku(name)).collect());
    delivery(order_id, InventoryCommand::Ship(ShipStock { order_id, shipment_id, warehouse_id, skus }))
}

/// What remains of each SKU that the order has reserved in the warehouse.
pub fn reduce(order_id: OrderId, warehouse_id: WarehouseId, remaining: &[(&str, u32)]) -> Delivery<InventoryCommand> {
    let shipment_id = ShipmentId::of(order_id, warehouse_id);
    let lines = remaining.iter().map(|(name, units)| RemainingUnits { sku: sku(name), units: *units }).collect();
    delivery(order_id, InventoryCommand::Reduce(ReduceReservation { order_id, shipment_id, warehouse_id, lines }))
}

pub fn restock(
    order_id: OrderId,
    return_id: ReturnId,
    warehouse_id: WarehouseId,
    lines: &[(&str, u32)],
) -> Delivery<InventoryCommand> {
    let quantity = |units| Quantity::try_from(units).expect("a quantity");
    let lines = lines.iter().map(|(name, units)| Line { sku: sku(name), quantity: quantity(*units) }).collect();
    let command = InventoryCommand::Restock(RestockReturn { order_id, return_id, warehouse_id, lines });
    delivery(order_id, command)
}

fn delivery(subject: OrderId, command: InventoryCommand) -> Delivery<InventoryCommand> {
    let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
    let id = MessageId::from_uuid(Uuid::now_v7());
    Delivery { header: Header { id, time: platform::clock::now(), subject, trace }, attempt: 0, command }
}

pub fn replies(handled: &Handled<()>) -> Vec<Reply> {
    handled.outgoing.iter().map(|message| serde_json::from_str(&message.payload).expect("a reply")).collect()
}

pub fn rejected(order_id: OrderId, shortages: &[(&str, u32, u32)]) -> Reply {
    let shortage = |(name, requested, available): &(&str, u32, u32)| Shortage {
        sku: sku(name),
        requested: *requested,
        available: *available,
    };
    Reply::StockRejected(StockRejected { order_id, shortages: shortages.iter().map(shortage).collect() })
}

pub fn backordered(order_id: OrderId, missing: &[(&str, u32)]) -> Reply {
    let missing = missing
        .iter()
        .map(|(name, units)| MissingUnits { sku: sku(name), units: Quantity::try_from(*units).expect("a quantity") });
    Reply::StockBackordered(StockBackordered { order_id, missing: missing.collect() })
}

/// The allocations of a reply, as (warehouse, SKU, units).
pub fn allocations(reply: &Reply) -> Vec<(WarehouseId, String, u32)> {
    let Reply::StockReserved(StockReserved { allocations, .. }) = reply else { panic!("not reserved: {reply:?}") };
    let mut lines: Vec<_> =
        allocations.iter().map(|line| (line.warehouse_id, line.sku.to_string(), line.quantity.get())).collect();
    lines.sort_by(|one, other| one.1.cmp(&other.1).then(one.2.cmp(&other.2)));
    lines
}

pub fn is_reserved(reply: &Reply) -> bool {
    matches!(reply, Reply::StockReserved(_))
}
