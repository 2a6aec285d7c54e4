//! `inventory.reservation_lines`: what each order holds where. A line changes only under the lock of its stock row.

use super::{expect_rows, parsed};
use crate::StoreError;
use domain::ids::{OrderId, WarehouseId};
use domain::inventory::{HeldLine, Holding};
use domain::product::Quantity;
use sqlx::PgConnection;
use std::collections::HashMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeldFor {
    pub order_id: OrderId,
    pub line: HeldLine,
}

struct LineRow {
    order_id: uuid::Uuid,
    sku: String,
    warehouse_id: uuid::Uuid,
    quantity: i32,
    state: String,
}

/// All lines of `orders`.
pub(crate) async fn holdings(
    tx: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, Holding>, StoreError> {
    let mut holdings: HashMap<OrderId, Holding> = HashMap::new();
    if orders.is_empty() {
        return Ok(holdings);
    }
    let orders: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as!(
        LineRow,
        "SELECT line.order_id, line.sku, line.warehouse_id, line.quantity, line.state
           FROM UNNEST($1::uuid[]) AS wanted (order_id)
          CROSS JOIN LATERAL (SELECT * FROM inventory.reservation_lines AS line
                               WHERE line.order_id = wanted.order_id OFFSET 0) AS line
          ORDER BY line.order_id, line.sku, line.warehouse_id",
        &orders,
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        let HeldFor { order_id, line } = row.try_into()?;
        holdings.entry(order_id).or_default().0.push(line);
    }
    Ok(holdings)
}

pub(crate) async fn insert_lines(tx: &mut PgConnection, held: &[HeldFor]) -> Result<(), StoreError> {
    if held.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(held);
    sqlx::query!(
        "INSERT INTO inventory.reservation_lines (order_id, sku, warehouse_id, quantity, state)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::integer[], $5::text[])",
        &columns.orders,
        &columns.skus as &[&str],
        &columns.warehouses,
        &columns.quantities,
        &columns.states as &[&str],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Active lines reach the state that each is given with.
pub(crate) async fn settle_lines(tx: &mut PgConnection, settled: &[HeldFor]) -> Result<(), StoreError> {
    if settled.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(settled);
    let changed = sqlx::query!(
        "UPDATE inventory.reservation_lines AS line SET state = settled.state
           FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::text[]) AS settled (order_id, sku, warehouse_id, state)
          WHERE line.order_id = settled.order_id AND line.sku = settled.sku
            AND line.warehouse_id = settled.warehouse_id AND line.state = 'active'",
        &columns.orders,
        &columns.skus as &[&str],
        &columns.warehouses,
        &columns.states as &[&str],
    )
    .execute(tx)
    .await?;
    expect_rows(changed.rows_affected(), settled.len(), "reservation_lines", "state")
}

struct Columns<'a> {
    orders: Vec<uuid::Uuid>,
    skus: Vec<&'a str>,
    warehouses: Vec<uuid::Uuid>,
    quantities: Vec<i32>,
    states: Vec<&'static str>,
}

impl<'a> Columns<'a> {
    fn of(lines: &'a [HeldFor]) -> Self {
        let quantity = |held: &HeldFor| i32::try_from(held.line.quantity.get()).expect("a quantity is at most 1,000");
        Self {
            orders: lines.iter().map(|held| held.order_id.as_uuid()).collect(),
            skus: lines.iter().map(|held| held.line.sku.as_str()).collect(),
            warehouses: lines.iter().map(|held| held.line.warehouse_id.as_uuid()).collect(),
            quantities: lines.iter().map(quantity).collect(),
            states: lines.iter().map(|held| held.line.state.into()).collect(),
        }
    }
}

impl TryFrom<LineRow> for HeldFor {
    type Error = StoreError;

    fn try_from(row: LineRow) -> Result<Self, StoreError> {
        let id = row.order_id;
        let quantity = Quantity::try_from(i64::from(row.quantity));
        let bad_quantity =
            |_| StoreError::Inconsistent { table: "reservation_lines", column: "quantity", id: id.to_string() };
        let line = HeldLine {
            sku: parsed(&row.sku, "reservation_lines", "sku", id)?,
            warehouse_id: WarehouseId::from_uuid(row.warehouse_id),
            quantity: quantity.map_err(bad_quantity)?,
            state: parsed(&row.state, "reservation_lines", "state", id)?,
        };
        Ok(Self { order_id: OrderId::from_uuid(id), line })
    }
}
