//! `inventory.backorders`: the units that orders wait for. The rows of an order change only under the lock of its
//! reservation; a row is inserted under the locks of the stock rows of its SKU, too.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::inventory::AllocationPolicy;
use domain::location::{Location, Region};
use domain::messages::MissingUnits;
use domain::product::{Quantity, Sku};
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};

pub(super) const TABLE: &str = "inventory.backorders";

/// An order that begins to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewBackorder {
    pub order_id: OrderId,
    pub missing: Vec<MissingUnits>,
    pub policy: AllocationPolicy,
    pub destination: Option<Location>,
    pub correlation_id: String,
    pub cause: MessageId,
}

pub(crate) async fn insert_backorders(
    tx: &mut PgConnection,
    backorders: &[NewBackorder],
    now: Timestamp,
) -> Result<(), StoreError> {
    if backorders.is_empty() {
        return Ok(());
    }
    let rows = || backorders.iter().flat_map(|new| new.missing.iter().map(move |missing| (new, missing)));
    let order_id: Vec<_> = rows().map(|(new, _)| new.order_id.as_uuid()).collect();
    let sku: Vec<_> = rows().map(|(_, missing)| missing.sku.as_str()).collect();
    let missing: Vec<_> = rows().map(|(_, missing)| column(missing.units.get())).collect();
    let policy: Vec<&str> = rows().map(|(new, _)| new.policy.into()).collect();
    let country: Vec<_> = rows().map(|(new, _)| new.destination.as_ref().map(|it| it.country.code())).collect();
    let region: Vec<_> = rows().map(|(new, _)| new.destination.as_ref()?.region.as_ref().map(Region::as_str)).collect();
    let correlation_id: Vec<_> = rows().map(|(new, _)| new.correlation_id.as_str()).collect();
    let cause: Vec<_> = rows().map(|(new, _)| new.cause.as_uuid()).collect();
    sqlx::query!(
        "INSERT INTO inventory.backorders (order_id, sku, missing, waiting_since, policy, country, region,
                                           correlation_id, cause)
         SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS sku, unnest($3::integer[]) AS missing,
                $9 AS waiting_since, unnest($4::text[]) AS policy, unnest($5::text[]) AS country,
                unnest($6::text[]) AS region, unnest($7::text[]) AS correlation_id, unnest($8::uuid[]) AS cause",
        &order_id,
        &sku as &[&str],
        &missing,
        &policy as &[&str],
        &country as &[Option<&str>],
        &region as &[Option<&str>],
        &correlation_id as &[&str],
        &cause,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// How many units of each of `skus` orders wait for. SKUs that nobody waits for are left out.
pub(crate) async fn missing_units(tx: &mut PgConnection, skus: &[Sku]) -> Result<HashMap<Sku, u32>, StoreError> {
    if skus.is_empty() {
        return Ok(HashMap::new());
    }
    let sku: Vec<_> = skus.iter().map(Sku::as_str).collect();
    let rows = sqlx::query!(
        r#"SELECT requested.sku AS "sku!", waiting.units AS "units!"
             FROM (SELECT unnest($1::text[]) AS sku) AS requested
            CROSS JOIN LATERAL (SELECT sum(backorder.missing) AS units FROM inventory.backorders AS backorder
                                 WHERE backorder.sku = requested.sku OFFSET 0) AS waiting
            WHERE waiting.units IS NOT NULL"#,
        &sku as &[&str],
    )
    .fetch_all(tx)
    .await?;
    // More units than a counter may have are as good as all of them.
    let units = |units: i64| u32::try_from(units).unwrap_or(u32::MAX);
    rows.into_iter().map(|row| Ok((read_sku(&row.sku)?, units(row.units)))).collect()
}

/// What each of `orders` waits for, by SKU.
pub(crate) async fn find_backorders(
    tx: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, BTreeMap<Sku, Quantity>>, StoreError> {
    let mut found: HashMap<OrderId, BTreeMap<Sku, Quantity>> = HashMap::new();
    if orders.is_empty() {
        return Ok(found);
    }
    let order_id: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query!(
        "SELECT backorder.order_id, backorder.sku, backorder.missing
           FROM (SELECT unnest($1::uuid[]) AS order_id) AS wanted
          CROSS JOIN LATERAL (SELECT * FROM inventory.backorders AS backorder
                               WHERE backorder.order_id = wanted.order_id OFFSET 0) AS backorder",
        &order_id,
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        let units = read_missing(row.order_id, row.missing)?;
        found.entry(OrderId::from_uuid(row.order_id)).or_default().insert(read_sku(&row.sku)?, units);
    }
    Ok(found)
}

/// Removes all that `orders` wait for.
pub(crate) async fn delete_backorders(tx: &mut PgConnection, orders: &[OrderId]) -> Result<(), StoreError> {
    if orders.is_empty() {
        return Ok(());
    }
    let order_id: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    sqlx::query!("DELETE FROM inventory.backorders WHERE order_id = ANY($1)", &order_id).execute(tx).await?;
    Ok(())
}

pub(super) fn column(units: u32) -> i32 {
    i32::try_from(units).expect("a quantity is at most 1,000")
}

pub(super) fn read_sku(sku: &str) -> Result<Sku, StoreError> {
    Ok(StoredRow::new(TABLE, sku).read_column("sku", sku.parse())?)
}

pub(super) fn read_missing(order_id: uuid::Uuid, missing: i32) -> Result<Quantity, StoreError> {
    Ok(StoredRow::new(TABLE, order_id).read_column("missing", Quantity::try_from(i64::from(missing)))?)
}
