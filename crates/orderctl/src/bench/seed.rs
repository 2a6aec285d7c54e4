//! `orderctl bench seed`: a thousand SKUs with more stock than any run can sell, in a separate database.

use crate::seed::accounts::{CUSTOMER, VENDOR};
use accounts::PasswordHasher;
use anyhow::ensure;
use catalogue::NewProduct;
use domain::ids::WarehouseId;
use domain::inventory::{Origin, Warehouse};
use domain::money::Money;
use inventory::Receipt;
use platform::audit::NoAudit;
use platform::config::{Environment, EnvironmentArgs};
use sqlx::PgPool;
use uuid::Uuid;

pub const SKUS: u64 = 1_000;
const PRICE_MINOR: i64 = 1_500;
const UNITS: u32 = 100_000_000;
/// The ids of the warehouses are this plus 1 and 2; scripts/bench/*.sql use the same ids.
const WAREHOUSE_IDS: u128 = 0x0000_0000_0000_7000_8000_0000_0000_0000;
const WAREHOUSES: [(u128, &str, i32); 2] = [(1, "BENCH-EAST", 1), (2, "BENCH-WEST", 2)];

/// The SKU with this number, counted from 0.
pub fn sku(number: u64) -> String {
    format!("BENCH-{:04}", number + 1)
}

/// Fills empty tables; run it once. Both warehouses stock every SKU, so that each order is one shipment.
pub async fn seed(pool: &PgPool, environment: &EnvironmentArgs) -> anyhow::Result<()> {
    let production = environment.orderflow_env == Environment::Production;
    ensure!(!production, "refused in production: the passwords of the benchmark accounts are public");
    let (now, hasher) = (platform::clock::now(), PasswordHasher::default());
    CUSTOMER.seed(pool, &hasher, now).await?;
    let vendor_id = VENDOR.seed(pool, &hasher, now).await?.id;
    let mut products = Vec::new();
    for number in 0..SKUS {
        products.push(NewProduct {
            sku: sku(number).parse()?,
            name: "Benchmark product".parse()?,
            description: "Benchmark product".parse()?,
            vendor_id,
            price: Money::new(PRICE_MINOR, "USD".parse()?)?,
            active: true,
            backorder: false,
        });
    }
    catalogue::create_products(pool, &products, "orderctl", now).await?;
    let mut receipts = Vec::new();
    for (id, code, priority) in WAREHOUSES {
        let warehouse_id = WarehouseId::from_uuid(Uuid::from_u128(WAREHOUSE_IDS + id));
        let warehouse = Warehouse::new(warehouse_id, code.parse()?, code, priority)?;
        inventory::create_warehouse(pool, &warehouse, now, &NoAudit).await?;
        let receipt = |product: &NewProduct| Receipt { sku: product.sku.clone(), warehouse_id, units: UNITS };
        receipts.extend(products.iter().map(receipt));
    }
    let origin = Origin::Person { actor: "orderctl".to_owned(), reason: "bench".to_owned() };
    inventory::receive_new(pool, &receipts, &origin, now).await?;
    operations::analyze(pool).await?;
    println!("bench: {SKUS} SKUs in {} warehouses, {UNITS} units of each", WAREHOUSES.len());
    Ok(())
}
