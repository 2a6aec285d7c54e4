//! `orderctl bench seed`: a catalogue of a thousand SKUs with more stock than any run can sell, in a database of its own.

use crate::seed::accounts::{CUSTOMER, VENDOR};
use accounts::PasswordHasher;
use anyhow::ensure;
use catalogue::NewProduct;
use domain::ids::WarehouseId;
use domain::inventory::{Origin, Warehouse};
use domain::money::Money;
use inventory::Receipt;
use platform::config::{Environment, EnvironmentArgs};
use platform::witness::Unwitnessed;
use sqlx::PgPool;
use uuid::Uuid;

pub const SKUS: u64 = 1_000;
const PRICE_MINOR: i64 = 1_500;
const PIECES: u32 = 100_000_000;
/// Ids that scripts/bench/*.sql know too: 1 and 2 behind this.
const WAREHOUSE_IDS: u128 = 0x0000_0000_0000_7000_8000_0000_0000_0000;
const WAREHOUSES: [(u128, &str, i32); 2] = [(1, "BENCH-EAST", 1), (2, "BENCH-WEST", 2)];

/// The SKU of that number, from 0.
pub fn sku(number: u64) -> String {
    format!("BENCH-{:04}", number + 1)
}

/// Run once, into empty tables. Every SKU lies in both warehouses, so that an order is one shipment.
pub async fn seed(pool: &PgPool, environment: &EnvironmentArgs) -> anyhow::Result<()> {
    let production = environment.orderflow_env == Environment::Production;
    ensure!(!production, "the bench's accounts have passwords that everybody knows: refused in production");
    let (now, hasher) = (platform::clock::now(), PasswordHasher::default());
    CUSTOMER.seed(pool, &hasher, now).await?;
    let vendor_id = VENDOR.seed(pool, &hasher, now).await?.id;
    let mut products = Vec::new();
    for number in 0..SKUS {
        products.push(NewProduct {
            sku: sku(number).parse()?,
            name: "A thing to order".parse()?,
            description: "One of many".parse()?,
            vendor_id,
            price: Money::new(PRICE_MINOR, "USD".parse()?)?,
            active: true,
        });
    }
    catalogue::create_products(pool, &products, now).await?;
    let mut receipts = Vec::new();
    for (id, code, priority) in WAREHOUSES {
        let warehouse_id = WarehouseId::from_uuid(Uuid::from_u128(WAREHOUSE_IDS + id));
        let warehouse = Warehouse::new(warehouse_id, code.parse()?, code, priority)?;
        inventory::create_warehouse(pool, &warehouse, now, &Unwitnessed).await?;
        let lies_there = |product: &NewProduct| Receipt { sku: product.sku.clone(), warehouse_id, pieces: PIECES };
        receipts.extend(products.iter().map(lies_there));
    }
    let origin = Origin::Person { actor: "orderctl".to_owned(), reason: "bench".to_owned() };
    inventory::receive_new(pool, &receipts, &origin, now).await?;
    operations::analyze(pool).await?;
    println!("bench: {SKUS} SKUs in {} warehouses, {PIECES} pieces of each", WAREHOUSES.len());
    Ok(())
}
