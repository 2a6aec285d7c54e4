//! `inventory.reservation_lines`: the reserved units per order, SKU and warehouse. A line changes only under the lock
//! of its stock row.

use crate::StoreError;
use domain::ids::{OrderId, WarehouseId};
use domain::inventory::{ReservedLine, ReservedLines};
use domain::product::Quantity;
use platform::consistency::{StoredRow, ensure_rows};
use sqlx::PgConnection;
use std::collections::HashMap;

const TABLE: &str = "inventory.reservation_lines";

/// A reserved line with its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderLine {
    pub order_id: OrderId,
    pub line: ReservedLine,
}

struct LineRow {
    order_id: uuid::Uuid,
    sku: String,
    warehouse_id: uuid::Uuid,
    quantity: i32,
    state: String,
}

/// All reserved lines of `orders`, in any state.
pub(crate) async fn find_lines(
    tx: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, ReservedLines>, StoreError> {
    let mut found: HashMap<OrderId, ReservedLines> = HashMap::new();
    if orders.is_empty() {
        return Ok(found);
    }
    let order_id: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as!(
        LineRow,
        "SELECT line.order_id, line.sku, line.warehouse_id, line.quantity, line.state
           FROM (SELECT unnest($1::uuid[]) AS order_id) AS wanted
          CROSS JOIN LATERAL (SELECT * FROM inventory.reservation_lines AS line
                               WHERE line.order_id = wanted.order_id OFFSET 0) AS line
          ORDER BY line.order_id, line.sku, line.warehouse_id",
        &order_id,
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        let OrderLine { order_id, line } = row.try_into()?;
        found.entry(order_id).or_default().0.push(line);
    }
    Ok(found)
}

pub(crate) async fn insert_lines(tx: &mut PgConnection, lines: &[OrderLine]) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(lines);
    sqlx::query!(
        "INSERT INTO inventory.reservation_lines (order_id, sku, warehouse_id, quantity, state)
         SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS sku, unnest($3::uuid[]) AS warehouse_id,
                unnest($4::integer[]) AS quantity, unnest($5::text[]) AS state",
        &columns.order_id,
        &columns.sku as &[&str],
        &columns.warehouse_id,
        &columns.quantity,
        &columns.state as &[&str],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Sets active lines to the states and quantities in `lines`.
pub(crate) async fn update_lines(tx: &mut PgConnection, lines: &[OrderLine]) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(lines);
    let changed = sqlx::query!(
        "UPDATE inventory.reservation_lines AS line SET state = settled.state, quantity = settled.quantity
           FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS sku, unnest($3::uuid[]) AS warehouse_id,
                        unnest($4::text[]) AS state, unnest($5::integer[]) AS quantity) AS settled
          WHERE line.order_id = settled.order_id AND line.sku = settled.sku
            AND line.warehouse_id = settled.warehouse_id AND line.state = 'active'",
        &columns.order_id,
        &columns.sku as &[&str],
        &columns.warehouse_id,
        &columns.state as &[&str],
        &columns.quantity,
    )
    .execute(tx)
    .await?;
    Ok(ensure_rows(TABLE, lines.len(), changed.rows_affected())?)
}

/// Lines as arrays, one per column.
struct Columns<'a> {
    order_id: Vec<uuid::Uuid>,
    sku: Vec<&'a str>,
    warehouse_id: Vec<uuid::Uuid>,
    quantity: Vec<i32>,
    state: Vec<&'static str>,
}

impl<'a> Columns<'a> {
    fn of(lines: &'a [OrderLine]) -> Self {
        let quantity = |row: &OrderLine| i32::try_from(row.line.quantity.get()).expect("a quantity is at most 1,000");
        Self {
            order_id: lines.iter().map(|row| row.order_id.as_uuid()).collect(),
            sku: lines.iter().map(|row| row.line.sku.as_str()).collect(),
            warehouse_id: lines.iter().map(|row| row.line.warehouse_id.as_uuid()).collect(),
            quantity: lines.iter().map(quantity).collect(),
            state: lines.iter().map(|row| row.line.state.into()).collect(),
        }
    }
}

impl TryFrom<LineRow> for OrderLine {
    type Error = StoreError;

    fn try_from(row: LineRow) -> Result<Self, StoreError> {
        let id = row.order_id;
        let stored = StoredRow::new(TABLE, id);
        let line = ReservedLine {
            sku: stored.read_column("sku", row.sku.parse())?,
            warehouse_id: WarehouseId::from_uuid(row.warehouse_id),
            quantity: stored.read_column("quantity", Quantity::try_from(i64::from(row.quantity)))?,
            state: stored.read_column("state", row.state.parse())?,
        };
        Ok(Self { order_id: OrderId::from_uuid(id), line })
    }
}
