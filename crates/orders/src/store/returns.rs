//! Table `orders.returns` with its lines and counts. A return changes only while its order is locked, by
//! [`super::lock_sagas`].

use crate::error::StoreError;
use crate::return_model::StoredReturn;
use domain::Timestamp;
use domain::ids::{OrderId, ReturnId, UserId, WarehouseId};
use domain::product::Quantity;
use domain::returns::{CountedUnits, Return, ReturnLine, ReturnState};
use messaging::Trace;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

pub(super) const RETURNS: &str = "orders.returns";

struct Row {
    id: Uuid,
    order_id: Uuid,
    customer_id: Uuid,
    vendor_id: Uuid,
    state: String,
    reason: String,
    note: Option<String>,
    decision_note: Option<String>,
    warehouse_id: Option<Uuid>,
    attention: Option<String>,
    deadline_at: Option<Timestamp>,
    version: i32,
    correlation_id: String,
    traceparent: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The lines and the counts of returns.
#[derive(Default)]
struct Units {
    lines: HashMap<Uuid, Vec<ReturnLine>>,
    counts: HashMap<Uuid, Vec<CountedUnits>>,
}

/// The checked query of [`Row`]s with the rest of its text and its argument.
macro_rules! rows {
    ($rest:literal, $argument:expr) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id, order_id, customer_id, vendor_id, state::text AS "state!", reason, note, decision_note,
                      warehouse_id, attention, deadline_at, version, correlation_id, traceparent, created_at, updated_at
               FROM orders.returns "# + $rest,
            $argument
        )
    };
}

/// The returns of orders, the oldest first.
pub(crate) async fn of_orders(
    connection: &mut PgConnection,
    orders: &[OrderId],
) -> Result<Vec<StoredReturn>, StoreError> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = rows!("WHERE order_id = ANY($1) ORDER BY id", &ids).fetch_all(&mut *connection).await?;
    with_units(connection, rows).await
}

/// How many returns an order has.
pub(crate) async fn count(connection: &mut PgConnection, order: OrderId) -> sqlx::Result<usize> {
    let count =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM orders.returns WHERE order_id = $1"#, order.as_uuid())
            .fetch_one(connection)
            .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Those of `returns` that exist, the newest first.
pub(crate) async fn by_ids(
    connection: &mut PgConnection,
    returns: &[ReturnId],
) -> Result<Vec<StoredReturn>, StoreError> {
    let ids: Vec<_> = returns.iter().map(ReturnId::as_uuid).collect();
    let rows = rows!("WHERE id = ANY($1) ORDER BY id DESC", &ids).fetch_all(&mut *connection).await?;
    with_units(connection, rows).await
}

/// The orders of at most `limit` returns past their deadline.
pub(crate) async fn orders_with_due(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<OrderId>> {
    let due = sqlx::query_scalar!(
        "SELECT order_id FROM orders.returns WHERE active AND deadline_at <= $1 ORDER BY deadline_at LIMIT $2",
        now,
        limit,
    );
    let mut orders: Vec<_> = due.fetch_all(connection).await?.into_iter().map(OrderId::from_uuid).collect();
    orders.sort_unstable();
    orders.dedup();
    Ok(orders)
}

/// Postpones deadlines, so that returns that can't continue now do not block others.
pub(crate) async fn postpone(tx: &mut PgConnection, returns: &[ReturnId], deadline_at: Timestamp) -> sqlx::Result<()> {
    let ids: Vec<_> = returns.iter().map(ReturnId::as_uuid).collect();
    sqlx::query!("UPDATE orders.returns SET deadline_at = $2 WHERE id = ANY($1) AND active", &ids, deadline_at)
        .execute(tx)
        .await?;
    Ok(())
}

/// Postpones the earlier deadlines of all returns of orders.
pub(crate) async fn postpone_of_orders(
    tx: &mut PgConnection,
    orders: &[OrderId],
    deadline_at: Timestamp,
) -> sqlx::Result<()> {
    let order_ids: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    sqlx::query!(
        "UPDATE orders.returns SET deadline_at = $2 WHERE order_id = ANY($1) AND active AND deadline_at < $2",
        &order_ids,
        deadline_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes the returns of removed orders.
pub(super) async fn delete(tx: &mut PgConnection, orders: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM orders.return_events WHERE order_id = ANY($1)", orders).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.return_counts WHERE order_id = ANY($1)", orders).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.return_lines WHERE order_id = ANY($1)", orders).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.returns WHERE order_id = ANY($1)", orders).execute(tx).await?;
    Ok(())
}

/// Erases the texts of people.
pub(super) async fn erase(tx: &mut PgConnection, orders: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!("UPDATE orders.returns SET note = NULL, decision_note = NULL WHERE order_id = ANY($1)", orders)
        .execute(tx)
        .await?;
    Ok(())
}

async fn with_units(connection: &mut PgConnection, rows: Vec<Row>) -> Result<Vec<StoredReturn>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut units = Units { lines: lines(connection, &ids).await?, counts: counts(connection, &ids).await? };
    rows.into_iter().map(|row| row.with(&mut units)).collect()
}

async fn lines(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<ReturnLine>>, StoreError> {
    let rows = sqlx::query!(
        "SELECT return_id, line_no, sku, quantity FROM orders.return_lines
          WHERE return_id = ANY($1) ORDER BY return_id, line_no",
        ids,
    )
    .fetch_all(connection)
    .await?;
    let mut lines: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let stored = StoredRow::new("orders.return_lines", row.return_id);
        let sku = stored.read_column("sku", row.sku.parse())?;
        let quantity = stored.read_column("quantity", Quantity::try_from(i64::from(row.quantity)))?;
        lines.entry(row.return_id).or_default().push(ReturnLine { line_no: row.line_no, sku, quantity });
    }
    Ok(lines)
}

async fn counts(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<CountedUnits>>, StoreError> {
    let rows = sqlx::query!(
        "SELECT return_id, line_no, condition, quantity, is_refunded FROM orders.return_counts
          WHERE return_id = ANY($1) ORDER BY return_id, line_no, condition",
        ids,
    )
    .fetch_all(connection)
    .await?;
    let mut counts: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let stored = StoredRow::new("orders.return_counts", row.return_id);
        let condition = stored.read_column("condition", row.condition.parse())?;
        let quantity = stored.read_column("quantity", Quantity::try_from(i64::from(row.quantity)))?;
        let count = CountedUnits { line_no: row.line_no, condition, quantity, is_refunded: row.is_refunded };
        counts.entry(row.return_id).or_default().push(count);
    }
    Ok(counts)
}

impl Row {
    fn with(self, units: &mut Units) -> Result<StoredReturn, StoreError> {
        let stored = StoredRow::new(RETURNS, self.id);
        let returned = Return {
            id: ReturnId::from_uuid(self.id),
            order_id: OrderId::from_uuid(self.order_id),
            vendor_id: UserId::from_uuid(self.vendor_id),
            lines: units.lines.remove(&self.id).unwrap_or_default(),
            counts: units.counts.remove(&self.id).unwrap_or_default(),
            warehouse_id: self.warehouse_id.map(WarehouseId::from_uuid),
            state: stored.read_column("state", ReturnState::from_json(&self.state))?,
            attention: self.attention,
            version: self.version,
        };
        let trace = Trace { correlation_id: self.correlation_id, causation_id: None, traceparent: self.traceparent };
        Ok(StoredReturn {
            returned,
            customer_id: UserId::from_uuid(self.customer_id),
            reason: stored.read_column("reason", self.reason.parse())?,
            note: self.note,
            decision_note: self.decision_note,
            deadline_at: self.deadline_at,
            trace,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
