//! What a test has on sale, put there directly.

use catalogue::{Description, NewProduct};
use domain::ids::{UserId, WarehouseId};
use domain::inventory::{Origin, Warehouse};
use domain::money::Money;
use inventory::Receipt;
use platform::audit::NoAudit;
use sqlx::PgPool;
use uuid::Uuid;

const WAREHOUSES: [&str; 2] = ["EAST", "WEST"];
const PRICE_MINOR: i64 = 1_999;

/// A product, with pieces in each of the two warehouses.
#[derive(Debug, Clone, Copy)]
pub struct Goods {
    sku: &'static str,
    pieces: [u32; WAREHOUSES.len()],
}

impl Goods {
    /// All pieces in one warehouse.
    pub fn of(sku: &'static str, pieces: u32) -> Self {
        Self { sku, pieces: [pieces, 0] }
    }

    pub fn in_both(sku: &'static str, east: u32, west: u32) -> Self {
        Self { sku, pieces: [east, west] }
    }

    fn product(&self, vendor_id: UserId) -> NewProduct {
        let price = Money::new(PRICE_MINOR, "USD".parse().expect("a currency")).expect("a price");
        let (sku, name) = (self.sku.parse().expect("a SKU"), self.sku.parse().expect("a name"));
        NewProduct { sku, name, description: Description::default(), vendor_id, price, active: true }
    }

    fn receipts(&self, warehouses: &[WarehouseId]) -> Vec<Receipt> {
        let receipt = |(warehouse_id, units): (&WarehouseId, u32)| Receipt {
            sku: self.sku.parse().expect("a SKU"),
            warehouse_id: *warehouse_id,
            units,
        };
        warehouses.iter().zip(self.pieces).map(receipt).collect()
    }
}

/// Puts it all there before the first process starts, so that no cache knows an older state.
pub async fn put_on_sale(pool: &PgPool, goods: &[Goods]) {
    let (now, vendor) = (platform::clock::now(), UserId::from_uuid(Uuid::now_v7()));
    let warehouses = make_warehouses(pool).await;
    let products: Vec<_> = goods.iter().map(|goods| goods.product(vendor)).collect();
    catalogue::create_products(pool, &products, now).await.expect("products can be created");
    let receipts: Vec<_> = goods.iter().flat_map(|goods| goods.receipts(&warehouses)).collect();
    let origin = Origin::Person { actor: "test".to_owned(), reason: "the test's stock".to_owned() };
    inventory::receive_new(pool, &receipts, &origin, now).await.expect("stock can be received");
    operations::analyze(pool).await.expect("tables can be analyzed");
}

async fn make_warehouses(pool: &PgPool) -> Vec<WarehouseId> {
    let mut ids = Vec::with_capacity(WAREHOUSES.len());
    for (priority, code) in (1..).zip(WAREHOUSES) {
        let id = WarehouseId::from_uuid(Uuid::now_v7());
        let warehouse = Warehouse::new(id, code.parse().expect("a code"), code, priority).expect("a warehouse");
        inventory::create_warehouse(pool, &warehouse, platform::clock::now(), &NoAudit)
            .await
            .expect("it can be created");
        ids.push(id);
    }
    ids
}
