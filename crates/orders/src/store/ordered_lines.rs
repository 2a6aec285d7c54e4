//! SQL that reads the lines of an order as they were ordered. They never change.

use crate::error::StoreError;
use domain::ids::OrderId;
use domain::product::Quantity;
use domain::saga::OrderedLine;
use platform::consistency::StoredRow;
use sqlx::PgConnection;

/// By line number; empty when there is no such order.
pub(crate) async fn find(connection: &mut PgConnection, order: OrderId) -> Result<Vec<OrderedLine>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT line_no, sku, quantity, quantity * unit_price_minor + tax_minor - discount_minor AS "total_minor!"
           FROM orders.items WHERE order_id = $1 ORDER BY line_no"#,
        order.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    let stored = StoredRow::new("orders.items", order);
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let quantity = stored.read_column("quantity", Quantity::try_from(i64::from(row.quantity)))?;
        let sku = stored.read_column("sku", row.sku.parse())?;
        lines.push(OrderedLine { line_no: row.line_no, sku, quantity, total_minor: row.total_minor });
    }
    Ok(lines)
}
