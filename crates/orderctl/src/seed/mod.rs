//! `orderctl seed --demo`: accounts, warehouses, products and stock for trying out the system. Existing rows are not
//! changed.

pub mod accounts;
pub mod products;

use self::accounts::{ADMIN, CUSTOMER, VENDOR};
use self::products::{COUNTRY, DemoProduct, PRODUCTS, WAREHOUSES};
use ::accounts::PasswordHasher;
use ::catalogue::NewProduct;
use ::inventory::Receipt;
use domain::Timestamp;
use domain::ids::{UserId, WarehouseId};
use domain::inventory::{Origin, Warehouse, WarehouseCode};
use domain::money::Money;
use platform::audit::NoAudit;
use platform::config::{Environment, EnvironmentArgs};
use sqlx::PgPool;
use uuid::Uuid;

pub async fn seed_demo(pool: &PgPool, environment: &EnvironmentArgs) -> anyhow::Result<()> {
    if environment.orderflow_env == Environment::Production {
        println!("seed: no demo data in production, because its passwords are public");
        return Ok(());
    }
    let now = platform::clock::now();
    let vendor = seed_accounts(pool, now).await?;
    let warehouses = seed_warehouses(pool, now).await?;
    seed_products(pool, vendor, now).await?;
    seed_stock(pool, &warehouses, now).await?;
    // Query plans based on statistics of empty tables would be many times slower.
    operations::analyze(pool).await?;
    Ok(())
}

/// Returns the id of the vendor, who owns the demo products.
async fn seed_accounts(pool: &PgPool, now: Timestamp) -> anyhow::Result<UserId> {
    let hasher = PasswordHasher::default();
    CUSTOMER.seed(pool, &hasher, now).await?;
    ADMIN.seed(pool, &hasher, now).await?;
    let vendor = VENDOR.seed(pool, &hasher, now).await?;
    println!("seed: accounts {}, {}, {}", CUSTOMER.email, VENDOR.email, ADMIN.email);
    Ok(vendor.id)
}

/// The ids, in the order of [`WAREHOUSES`].
async fn seed_warehouses(pool: &PgPool, now: Timestamp) -> anyhow::Result<Vec<WarehouseId>> {
    let existing = inventory::list_warehouses(pool).await?;
    let mut ids = Vec::with_capacity(WAREHOUSES.len());
    for (code, name, priority, region) in WAREHOUSES {
        let code: WarehouseCode = code.parse()?;
        let known = existing.iter().find(|warehouse| warehouse.code == code);
        let id = known.map_or_else(|| WarehouseId::from_uuid(Uuid::now_v7()), |warehouse| warehouse.id);
        if known.is_none() {
            let warehouse = Warehouse::new(id, code, name, priority)?;
            let warehouse = warehouse.located(Some(COUNTRY.parse()?), Some(region.parse()?))?;
            inventory::create_warehouse(pool, &warehouse, now, &NoAudit).await?;
        }
        ids.push(id);
    }
    println!("seed: {} warehouses", ids.len());
    Ok(ids)
}

async fn seed_products(pool: &PgPool, vendor: UserId, now: Timestamp) -> anyhow::Result<()> {
    let products: anyhow::Result<Vec<_>> = PRODUCTS.iter().map(|product| new_product(product, vendor)).collect();
    let created = catalogue::create_products(pool, &products?, "orderctl", now).await?;
    println!("seed: {} products, {created} of them new", PRODUCTS.len());
    Ok(())
}

fn new_product(product: &DemoProduct, vendor_id: UserId) -> anyhow::Result<NewProduct> {
    Ok(NewProduct {
        sku: product.sku.parse()?,
        name: product.name.parse()?,
        description: product.name.parse()?,
        vendor_id,
        price: Money::new(product.price_minor, "USD".parse()?)?,
        active: true,
        backorder: false,
    })
}

/// Adds stock only where there is no stock row yet, so that a repeat does not undo sales.
async fn seed_stock(pool: &PgPool, warehouses: &[WarehouseId], now: Timestamp) -> anyhow::Result<()> {
    let mut receipts = Vec::with_capacity(PRODUCTS.len() * warehouses.len());
    for product in &PRODUCTS {
        for (warehouse_id, quantity) in warehouses.iter().zip(product.quantities) {
            receipts.push(Receipt { sku: product.sku.parse()?, warehouse_id: *warehouse_id, units: quantity });
        }
    }
    let origin = Origin::Person { actor: "orderctl".to_owned(), reason: "demo data".to_owned() };
    let added = inventory::receive_new(pool, &receipts, &origin, now).await?;
    println!("seed: {} stock rows, {added} of them new", receipts.len());
    Ok(())
}
