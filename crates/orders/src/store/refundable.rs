//! SQL that reads an order for its refunds.

use super::SAGAS;
use crate::error::StoreError;
use domain::ids::OrderId;
use domain::product::Sku;
use domain::refund::{Refundable, RefundableLine};
use domain::saga::OrderSaga;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use std::collections::BTreeMap;

const ITEMS: &str = "orders.items";

struct LineRow {
    line_no: i16,
    sku: String,
    quantity: i32,
    total_minor: i64,
    tax_minor: i64,
    discount_minor: i64,
}

pub(crate) async fn find(connection: &mut PgConnection, id: OrderId) -> Result<Option<Refundable>, StoreError> {
    let order = sqlx::query!(
        r#"SELECT o.shipping_minor, s.state::text AS "state!"
           FROM orders.orders o JOIN orders.sagas s ON s.order_id = o.id WHERE o.id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(order) = order else { return Ok(None) };
    let saga = StoredRow::new(SAGAS, id).read_column("state", OrderSaga::from_json(&order.state))?;
    let rows = sqlx::query_as!(
        LineRow,
        r#"SELECT line_no, sku, quantity, quantity * unit_price_minor + tax_minor - discount_minor AS "total_minor!",
                  tax_minor, discount_minor
           FROM orders.items WHERE order_id = $1 ORDER BY line_no"#,
        id.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    let captured = saga.captured_units();
    let lines = rows.into_iter().map(|row| row.line(id, &captured)).collect::<Result<_, _>>()?;
    Ok(Some(Refundable { lines, shipping_minor: order.shipping_minor, captured_minor: saga.captured_minor() }))
}

impl LineRow {
    fn line(self, id: OrderId, captured: &BTreeMap<Sku, i64>) -> Result<RefundableLine, StoreError> {
        let sku: Sku = StoredRow::new(ITEMS, id).read_column("sku", self.sku.parse())?;
        Ok(RefundableLine {
            line_no: self.line_no,
            ordered_units: self.quantity.into(),
            captured_units: captured.get(&sku).copied().unwrap_or(0),
            total_minor: self.total_minor,
            tax_minor: self.tax_minor,
            discount_minor: self.discount_minor,
        })
    }
}
