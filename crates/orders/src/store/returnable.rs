//! SQL that reads an order for its returns.

use crate::error::StoreError;
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId, UserId};
use domain::product::Sku;
use domain::returns::ReturnableLine;
use domain::saga::DeliveredShipment;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use std::collections::HashMap;

struct LineRow {
    line_no: i16,
    sku: String,
    vendor_id: uuid::Uuid,
    returned_units: i64,
}

/// The lines of an order that is locked, with what of them is delivered and in returns that count.
pub(crate) async fn find(
    connection: &mut PgConnection,
    id: OrderId,
    delivered: &[DeliveredShipment],
) -> Result<Vec<ReturnableLine>, StoreError> {
    let times = delivery_times(connection, id).await?;
    let rows = sqlx::query_as!(
        LineRow,
        r#"SELECT item.line_no, item.sku, item.vendor_id,
                  COALESCE((SELECT sum(line.quantity)
                              FROM orders.return_lines line JOIN orders.returns r ON r.id = line.return_id
                             WHERE line.order_id = $1 AND line.line_no = item.line_no
                               AND r.status NOT IN ('declined', 'cancelled', 'expired')), 0)::bigint
                - COALESCE((SELECT sum(count.quantity) FROM orders.return_counts count
                             WHERE count.order_id = $1 AND count.line_no = item.line_no
                               AND count.condition = 'missing'), 0)::bigint AS "returned_units!"
           FROM orders.items item WHERE item.order_id = $1 ORDER BY item.line_no"#,
        id.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| row.line(id, delivered, &times)).collect()
}

/// When the order recorded the delivery of its shipments.
async fn delivery_times(
    connection: &mut PgConnection,
    id: OrderId,
) -> Result<HashMap<ShipmentId, Timestamp>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT detail ->> 'shipment_id' AS "shipment_id!", at FROM orders.events
            WHERE order_id = $1 AND kind = 'shipment_delivered'"#,
        id.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    let stored = StoredRow::new("orders.events", id);
    let time = |shipment: &str, at| Ok((stored.read_column("detail", shipment.parse())?, at));
    rows.into_iter().map(|row| time(&row.shipment_id, row.at)).collect()
}

impl LineRow {
    fn line(
        self,
        id: OrderId,
        delivered: &[DeliveredShipment],
        times: &HashMap<ShipmentId, Timestamp>,
    ) -> Result<ReturnableLine, StoreError> {
        let sku: Sku = StoredRow::new("orders.items", id).read_column("sku", self.sku.parse())?;
        let units = |shipment: &DeliveredShipment| {
            let lines = shipment.lines.iter().filter(|line| line.sku == sku);
            lines.map(|line| i64::from(line.quantity.get())).sum::<i64>()
        };
        let with_line = delivered.iter().filter(|shipment| units(shipment) > 0);
        Ok(ReturnableLine {
            line_no: self.line_no,
            vendor_id: UserId::from_uuid(self.vendor_id),
            delivered_units: delivered.iter().map(units).sum(),
            returned_units: self.returned_units,
            delivered_at: with_line.filter_map(|shipment| times.get(&shipment.id).copied()).max(),
            sku: sku.clone(),
        })
    }
}
