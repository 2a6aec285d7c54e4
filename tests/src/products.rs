//! Products and stock of a test, inserted without the API.

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

/// A product with its units in each of the two warehouses.
#[derive(Debug, Clone, Copy)]
pub struct SeedProduct {
    sku: &'static str,
    units: [u32; WAREHOUSES.len()],
    price_minor: i64,
    backorder: bool,
}

impl SeedProduct {
    /// All units are in one warehouse.
    pub fn of(sku: &'static str, units: u32) -> Self {
        Self::in_both(sku, units, 0)
    }

    pub fn in_both(sku: &'static str, east: u32, west: u32) -> Self {
        Self { sku, units: [east, west], price_minor: PRICE_MINOR, backorder: false }
    }

    #[must_use]
    pub fn free(self) -> Self {
        Self { price_minor: 0, ..self }
    }

    /// Orders wait for what is out of stock.
    #[must_use]
    pub fn backordered(self) -> Self {
        Self { backorder: true, ..self }
    }

    fn new_product(&self, vendor_id: UserId) -> NewProduct {
        let price = Money::new(self.price_minor, "USD".parse().expect("a currency")).expect("a price");
        let (sku, name) = (self.sku.parse().expect("a SKU"), self.sku.parse().expect("a name"));
        let (description, backorder) = (Description::default(), self.backorder);
        NewProduct { sku, name, description, vendor_id, price, active: true, backorder }
    }

    fn receipts(&self, warehouses: &[WarehouseId]) -> Vec<Receipt> {
        let receipt = |(warehouse_id, units): (&WarehouseId, u32)| Receipt {
            sku: self.sku.parse().expect("a SKU"),
            warehouse_id: *warehouse_id,
            units,
        };
        warehouses.iter().zip(self.units).map(receipt).collect()
    }
}

/// Creates products and stock before the first process starts, so that no cache holds an older state.
pub async fn seed(pool: &PgPool, products: &[SeedProduct]) {
    let (now, vendor) = (platform::clock::now(), UserId::from_uuid(Uuid::now_v7()));
    let warehouses = create_warehouses(pool).await;
    let new: Vec<_> = products.iter().map(|product| product.new_product(vendor)).collect();
    catalogue::create_products(pool, &new, "test", now).await.expect("products can be created");
    let receipts: Vec<_> = products.iter().flat_map(|product| product.receipts(&warehouses)).collect();
    let origin = Origin::Person { actor: "test".to_owned(), reason: "the test's stock".to_owned() };
    inventory::receive_new(pool, &receipts, &origin, now).await.expect("stock can be received");
    operations::analyze(pool).await.expect("tables can be analyzed");
}

async fn create_warehouses(pool: &PgPool) -> Vec<WarehouseId> {
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
