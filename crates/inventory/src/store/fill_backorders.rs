//! SQL of the scheduled task that fills backorders.

use super::backorders::{TABLE, column, read_missing, read_sku};
use crate::StoreError;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::inventory::AllocationPolicy;
use domain::location::Location;
use domain::product::{Quantity, Sku};
use platform::consistency::{StoredRow, ensure_rows};
use sqlx::PgConnection;
use std::collections::HashSet;

/// A row of `inventory.backorders`.
#[derive(Debug, Clone)]
pub(crate) struct Backorder {
    pub order_id: OrderId,
    pub sku: Sku,
    pub missing: Quantity,
    pub waiting_since: Timestamp,
    pub policy: AllocationPolicy,
    pub destination: Option<Location>,
    pub correlation_id: String,
    pub cause: MessageId,
}

/// What is missing of a SKU after units were reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilledBackorder {
    pub order_id: OrderId,
    pub sku: Sku,
    pub missing: u32,
}

struct Row {
    order_id: uuid::Uuid,
    sku: String,
    missing: i32,
    waiting_since: Timestamp,
    policy: String,
    country: Option<String>,
    region: Option<String>,
    correlation_id: String,
    cause: uuid::Uuid,
}

/// At most `limit` SKUs that orders wait for and that are available in an open warehouse. Reads one entry of the index
/// per SKU that orders wait for.
pub(crate) async fn find_fillable_skus(tx: &mut PgConnection, limit: i64) -> Result<Vec<Sku>, StoreError> {
    let skus = sqlx::query_scalar!(
        r#"WITH RECURSIVE waiting AS (
               (SELECT sku FROM inventory.backorders ORDER BY sku LIMIT 1)
               UNION ALL
               SELECT (SELECT backorder.sku FROM inventory.backorders AS backorder
                        WHERE backorder.sku > waiting.sku ORDER BY backorder.sku LIMIT 1)
                 FROM waiting WHERE waiting.sku IS NOT NULL
           )
           SELECT waiting.sku AS "sku!" FROM waiting
            WHERE EXISTS (SELECT FROM inventory.stock AS stock
                          JOIN inventory.warehouses AS warehouse ON warehouse.id = stock.warehouse_id
                          WHERE stock.sku = waiting.sku AND stock.on_hand > stock.reserved
                            AND warehouse.closed_at IS NULL)
            LIMIT $1"#,
        limit,
    )
    .fetch_all(tx)
    .await?;
    skus.iter().map(|sku| read_sku(sku)).collect()
}

/// The first orders that wait for `skus`, at most `limit` rows: the first of each SKU, then the second of each, and so on,
/// so that no SKU crowds out the others.
pub(crate) async fn find_next_backorders(
    tx: &mut PgConnection,
    skus: &[Sku],
    limit: i64,
) -> Result<Vec<Backorder>, StoreError> {
    let sku: Vec<_> = skus.iter().map(Sku::as_str).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT next.order_id, next.sku, next.missing, next.waiting_since, next.policy, next.country, next.region,
                next.correlation_id, next.cause
           FROM (SELECT unnest($1::text[]) AS sku) AS available
          CROSS JOIN LATERAL (SELECT *, row_number() OVER (ORDER BY waiting_since, order_id) AS place
                                FROM inventory.backorders AS backorder WHERE backorder.sku = available.sku
                               ORDER BY backorder.waiting_since, backorder.order_id LIMIT $2) AS next
          ORDER BY next.place, next.sku LIMIT $2",
        &sku as &[&str],
        limit,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(Backorder::try_from).collect()
}

/// Locks the reservations of `orders` that wait, and skips those that another transaction has locked.
pub(crate) async fn lock_waiting(tx: &mut PgConnection, orders: &[OrderId]) -> Result<HashSet<OrderId>, StoreError> {
    let order_id: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let locked = sqlx::query_scalar!(
        "SELECT order_id FROM inventory.reservations WHERE order_id = ANY($1) AND state = 'waiting'
          ORDER BY order_id FOR NO KEY UPDATE SKIP LOCKED",
        &order_id,
    )
    .fetch_all(tx)
    .await?;
    Ok(locked.into_iter().map(OrderId::from_uuid).collect())
}

/// Sets what is missing; a row of which nothing is missing is deleted.
pub(crate) async fn save_filled(tx: &mut PgConnection, filled: &[FilledBackorder]) -> Result<(), StoreError> {
    let (part, whole): (Vec<_>, Vec<_>) = filled.iter().partition(|row| row.missing > 0);
    delete_filled(tx, &whole).await?;
    if part.is_empty() {
        return Ok(());
    }
    let order_id: Vec<_> = part.iter().map(|row| row.order_id.as_uuid()).collect();
    let sku: Vec<_> = part.iter().map(|row| row.sku.as_str()).collect();
    let missing: Vec<_> = part.iter().map(|row| column(row.missing)).collect();
    let changed = sqlx::query!(
        "UPDATE inventory.backorders AS backorder SET missing = filled.missing
           FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS sku,
                        unnest($3::integer[]) AS missing) AS filled
          WHERE backorder.order_id = filled.order_id AND backorder.sku = filled.sku",
        &order_id,
        &sku as &[&str],
        &missing,
    )
    .execute(tx)
    .await?;
    Ok(ensure_rows(TABLE, part.len(), changed.rows_affected())?)
}

async fn delete_filled(tx: &mut PgConnection, filled: &[&FilledBackorder]) -> Result<(), StoreError> {
    if filled.is_empty() {
        return Ok(());
    }
    let order_id: Vec<_> = filled.iter().map(|row| row.order_id.as_uuid()).collect();
    let sku: Vec<_> = filled.iter().map(|row| row.sku.as_str()).collect();
    let deleted = sqlx::query!(
        "DELETE FROM inventory.backorders AS backorder
          USING (SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS sku) AS filled
          WHERE backorder.order_id = filled.order_id AND backorder.sku = filled.sku",
        &order_id,
        &sku as &[&str],
    )
    .execute(tx)
    .await?;
    Ok(ensure_rows(TABLE, filled.len(), deleted.rows_affected())?)
}

impl TryFrom<Row> for Backorder {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let stored = StoredRow::new(TABLE, row.order_id);
        let country = row.country.map(|country| stored.read_column("country", country.parse())).transpose()?;
        let region = row.region.map(|region| stored.read_column("region", region.parse())).transpose()?;
        Ok(Self {
            order_id: OrderId::from_uuid(row.order_id),
            sku: read_sku(&row.sku)?,
            missing: read_missing(row.order_id, row.missing)?,
            waiting_since: row.waiting_since,
            policy: stored.read_column("policy", row.policy.parse())?,
            destination: country.map(|country| Location { country, region }),
            correlation_id: row.correlation_id,
            cause: MessageId::from_uuid(row.cause),
        })
    }
}
