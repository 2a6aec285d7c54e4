//! Two warehouses, and a way to hand the slice a batch as the consumer does.

use domain::ids::{MessageId, OrderId, ShipmentId, WarehouseId};
use domain::inventory::{Origin, Warehouse};
use domain::messages::{
    InventoryCommand, ReleaseStock, Reply, ReserveStock, ShipStock, Shortage, StockRejected, StockReserved,
};
use domain::product::{Line, Quantity, Sku};
use inventory::{Inventory, Receipt};
use messaging::{Delivery, Handle, HandleError, Handled, Header, Trace, Verdict};
use platform::witness::Unwitnessed;
use sqlx::PgPool;
use uuid::Uuid;

pub struct House {
    pub pool: PgPool,
    pub east: WarehouseId,
    pub west: WarehouseId,
}

pub fn sku(text: &str) -> Sku {
    text.parse().expect("a SKU")
}

pub fn order() -> OrderId {
    OrderId::from_uuid(Uuid::now_v7())
}

impl House {
    /// East has the first priority. `stock` is (SKU, pieces in the east, pieces in the west).
    pub async fn open(pool: PgPool, stock: &[(&str, u32, u32)]) -> Self {
        let [east, west] = [1_i32, 2].map(|_| WarehouseId::from_uuid(Uuid::now_v7()));
        for (id, code, priority) in [(east, "EAST", 1), (west, "WEST", 2)] {
            let warehouse = Warehouse::new(id, code.parse().expect("a code"), code, priority).expect("a warehouse");
            inventory::create_warehouse(&pool, &warehouse, platform::clock::now(), &Unwitnessed)
                .await
                .expect("it is new");
        }
        let house = Self { pool, east, west };
        house.receive(stock).await;
        house
    }

    pub async fn receive(&self, stock: &[(&str, u32, u32)]) {
        let receipts = |(name, east, west): &(&str, u32, u32)| {
            [(self.east, *east), (self.west, *west)].map(|(warehouse_id, pieces)| Receipt {
                sku: sku(name),
                warehouse_id,
                pieces,
            })
        };
        let receipts: Vec<_> = stock.iter().flat_map(receipts).collect();
        let origin = Origin::Person { actor: "test".to_owned(), reason: "first stock".to_owned() };
        inventory::receive_many(&self.pool, &receipts, &origin, platform::clock::now()).await.expect("received");
    }

    /// One batch, one transaction, committed.
    pub async fn handle(&self, batch: &[Delivery<InventoryCommand>]) -> Result<Handled, HandleError> {
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let handled = Inventory.handle(&mut tx, batch, platform::clock::now()).await?;
        tx.commit().await?;
        Ok(handled)
    }

    /// The replies to a batch that holds no poison.
    pub async fn ask(&self, batch: &[Delivery<InventoryCommand>]) -> Vec<Reply> {
        let handled = self.handle(batch).await.expect("the batch goes through");
        assert_eq!(handled.verdicts, vec![Verdict::Done; batch.len()]);
        replies(&handled)
    }

    pub async fn reserve(&self, order_id: OrderId, lines: &[(&str, u32)]) -> Reply {
        self.ask(&[reserve(order_id, lines)]).await.remove(0)
    }

    /// (on hand, reserved) of a SKU in the east and in the west.
    pub async fn counters(&self, name: &str) -> [(u32, u32); 2] {
        let items = inventory::find_stock(&self.pool, &sku(name)).await.expect("found");
        [self.east, self.west].map(|warehouse| {
            let item = items.iter().find(|item| item.warehouse_id == warehouse);
            item.map_or((0, 0), |item| (item.level.on_hand(), item.level.reserved()))
        })
    }

    pub async fn assert_books_agree(&self) {
        assert_eq!(inventory::find_drift(&self.pool).await.expect("looked"), vec![]);
    }
}

pub fn reserve(order_id: OrderId, lines: &[(&str, u32)]) -> Delivery<InventoryCommand> {
    let quantity = |pieces| Quantity::try_from(pieces).expect("a quantity");
    let lines = lines.iter().map(|(name, pieces)| Line { sku: sku(name), quantity: quantity(*pieces) }).collect();
    delivery(order_id, InventoryCommand::Reserve(ReserveStock { order_id, lines }))
}

pub fn release(order_id: OrderId) -> Delivery<InventoryCommand> {
    delivery(order_id, InventoryCommand::Release(ReleaseStock { order_id }))
}

pub fn ship(order_id: OrderId, warehouse_id: WarehouseId) -> Delivery<InventoryCommand> {
    let shipment_id = ShipmentId::of(order_id, warehouse_id);
    delivery(order_id, InventoryCommand::Ship(ShipStock { order_id, shipment_id, warehouse_id }))
}

fn delivery(subject: OrderId, command: InventoryCommand) -> Delivery<InventoryCommand> {
    let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
    let id = MessageId::from_uuid(Uuid::now_v7());
    Delivery { header: Header { id, time: platform::clock::now(), subject, trace }, attempt: 0, command }
}

pub fn replies(handled: &Handled) -> Vec<Reply> {
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

/// What a reply says is held, as (warehouse, SKU, pieces).
pub fn held(reply: &Reply) -> Vec<(WarehouseId, String, u32)> {
    let Reply::StockReserved(StockReserved { allocations, .. }) = reply else { panic!("not reserved: {reply:?}") };
    let mut held: Vec<_> =
        allocations.iter().map(|part| (part.warehouse_id, part.sku.to_string(), part.quantity.get())).collect();
    held.sort_by(|one, other| one.1.cmp(&other.1).then(one.2.cmp(&other.2)));
    held
}

pub fn is_reserved(reply: &Reply) -> bool {
    matches!(reply, Reply::StockReserved(_))
}
