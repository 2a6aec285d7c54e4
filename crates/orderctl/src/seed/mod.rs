//! `orderctl seed --demo`: people, warehouses, products and stock to try things out with. What is there stays as it is.

pub mod accounts;
pub mod products;

use self::accounts::{ADMIN, CUSTOMER, VENDOR};
use self::products::{GOODS, Goods, WAREHOUSES};
use ::accounts::PasswordHasher;
use ::catalogue::NewProduct;
use ::inventory::Receipt;
use domain::Timestamp;
use domain::ids::{UserId, WarehouseId};
use domain::inventory::{Origin, Warehouse, WarehouseCode};
use domain::money::Money;
use platform::config::{Environment, EnvironmentArgs};
use platform::witness::Unwitnessed;
use sqlx::PgPool;
use uuid::Uuid;

pub async fn seed_demo(pool: &PgPool, environment: &EnvironmentArgs) -> anyhow::Result<()> {
    if environment.orderflow_env == Environment::Production {
        println!("seed: production gets no demo data, since everybody knows its passwords");
        return Ok(());
    }
    let now = platform::clock::now();
    let vendor = seed_accounts(pool, now).await?;
    let warehouses = seed_warehouses(pool, now).await?;
    seed_products(pool, vendor, now).await?;
    seed_stock(pool, &warehouses, now).await?;
    // Plans made while the tables were empty would be many times dearer.
    operations::analyze(pool).await?;
    Ok(())
}

/// Answers with the vendor's id, since products belong to somebody.
async fn seed_accounts(pool: &PgPool, now: Timestamp) -> anyhow::Result<UserId> {
    let hasher = PasswordHasher::default();
    CUSTOMER.seed(pool, &hasher, now).await?;
    ADMIN.seed(pool, &hasher, now).await?;
    let vendor = VENDOR.seed(pool, &hasher, now).await?;
    println!("seed: accounts {}, {}, {}", CUSTOMER.email, VENDOR.email, ADMIN.email);
    Ok(vendor.id)
}

/// In the order of [`WAREHOUSES`].
async fn seed_warehouses(pool: &PgPool, now: Timestamp) -> anyhow::Result<Vec<WarehouseId>> {
    let there = inventory::list_warehouses(pool).await?;
    let mut ids = Vec::with_capacity(WAREHOUSES.len());
    for (code, name, priority) in WAREHOUSES {
        let code: WarehouseCode = code.parse()?;
        let known = there.iter().find(|warehouse| warehouse.code == code);
        let id = known.map_or_else(|| WarehouseId::from_uuid(Uuid::now_v7()), |warehouse| warehouse.id);
        if known.is_none() {
            inventory::create_warehouse(pool, &Warehouse::new(id, code, name, priority)?, now, &Unwitnessed).await?;
        }
        ids.push(id);
    }
    println!("seed: {} warehouses", ids.len());
    Ok(ids)
}

async fn seed_products(pool: &PgPool, vendor: UserId, now: Timestamp) -> anyhow::Result<()> {
    let products: anyhow::Result<Vec<_>> = GOODS.iter().map(|goods| product(goods, vendor)).collect();
    let created = catalogue::create_products(pool, &products?, now).await?;
    println!("seed: {} products, {created} of them new", GOODS.len());
    Ok(())
}

fn product(goods: &Goods, vendor_id: UserId) -> anyhow::Result<NewProduct> {
    Ok(NewProduct {
        sku: goods.sku.parse()?,
        name: goods.name.parse()?,
        description: goods.name.parse()?,
        vendor_id,
        price: Money::new(goods.price_minor, "USD".parse()?)?,
        active: true,
    })
}

/// Only where there is no stock row yet: what was sold since stays sold.
async fn seed_stock(pool: &PgPool, warehouses: &[WarehouseId], now: Timestamp) -> anyhow::Result<()> {
    let mut receipts = Vec::with_capacity(GOODS.len() * warehouses.len());
    for goods in &GOODS {
        for (warehouse_id, pieces) in warehouses.iter().zip(goods.pieces) {
            receipts.push(Receipt { sku: goods.sku.parse()?, warehouse_id: *warehouse_id, pieces });
        }
    }
    let origin = Origin::Person { actor: "orderctl".to_owned(), reason: "demo data".to_owned() };
    let booked = inventory::receive_new(pool, &receipts, &origin, now).await?;
    println!("seed: {} stock rows, {booked} of them new", receipts.len());
    Ok(())
}
