//! Lists of shipments, page by page.
//!
//! Each status is read by itself, up to the size of the page, and the rows are merged. So the index
//! `shipments_by_status` serves every combination of filters, and a page reads a few rows of each status at most.

use super::views::{ViewRow, with_events};
use crate::error::ShippingError;
use crate::filter::{ShipmentCursor, ShipmentFilter};
use crate::views::ShipmentView;
use domain::product::Line;
use domain::shipment::ShipmentStatus;
use sqlx::PgConnection;
use sqlx::types::Json;
use strum::VariantNames as _;
use uuid::Uuid;

/// At most `rows_max` shipments, by vendor and age of the order. Shipments without a vendor come first.
pub(crate) async fn list_shipments(
    connection: &mut PgConnection,
    filter: &ShipmentFilter,
    rows_max: u32,
) -> Result<Vec<ShipmentView>, ShippingError> {
    let status: Vec<&str> = match filter.status {
        Some(status) => vec![status.into()],
        None => ShipmentStatus::VARIANTS.to_vec(),
    };
    let Bounds { after, last_vendor } = Bounds::of(filter);
    let rows = sqlx::query_as!(
        ViewRow,
        r#"SELECT listed.order_id AS "order_id!", listed.id AS "id!", listed.warehouse_id AS "warehouse_id!",
                  listed.vendor_id, listed.lines AS "lines!: Json<Vec<Line>>", listed.status AS "status!",
                  listed.carrier, listed.tracking_number, listed.promised_by, listed.carrier_name, listed.delayed_at,
                  listed.exception, listed.delay_level AS "delay_level!", listed.created_at AS "created_at!",
                  listed.updated_at AS "updated_at!"
           FROM (SELECT unnest($1::text[]) AS status) AS wanted
           CROSS JOIN LATERAL (
               SELECT order_id, id, warehouse_id, vendor_id, lines, status, carrier, tracking_number, promised_by,
                      carrier_name, delayed_at, delay_level, exception, created_at, updated_at
               FROM shipping.shipments
               WHERE status = wanted.status
                 AND (coalesce(vendor_id, '00000000-0000-0000-0000-000000000000'::uuid), order_id, id) > ($2, $3, $4)
                 AND coalesce(vendor_id, '00000000-0000-0000-0000-000000000000'::uuid) <= $5
               ORDER BY coalesce(vendor_id, '00000000-0000-0000-0000-000000000000'::uuid), order_id, id
               LIMIT $6) AS listed
           ORDER BY coalesce(listed.vendor_id, '00000000-0000-0000-0000-000000000000'::uuid), listed.order_id,
                    listed.id
           LIMIT $6"#,
        &status as &[&str],
        after.vendor.as_uuid(),
        after.order_id.as_uuid(),
        after.shipment_id.as_uuid(),
        last_vendor,
        i64::from(rows_max),
    )
    .fetch_all(&mut *connection)
    .await?;
    with_events(connection, rows).await
}

/// The range of the list that a page may show.
struct Bounds {
    after: ShipmentCursor,
    last_vendor: Uuid,
}

impl Bounds {
    /// A vendor's list has their own shipments only, also after a cursor of another vendor's list.
    fn of(filter: &ShipmentFilter) -> Self {
        let after = filter.after.unwrap_or(ShipmentCursor::START);
        match filter.vendor {
            Some(vendor) => Self { after: ShipmentCursor { vendor, ..after }, last_vendor: vendor.as_uuid() },
            None => Self { after, last_vendor: Uuid::max() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::UserId;
    use domain::page::PageSize;
    use sqlx::PgPool;

    /// 20,000 shipments of 20 vendors. One in a hundred waits.
    const MANY: &str = "INSERT INTO shipping.shipments (order_id, id, warehouse_id, vendor_id, lines, status, carrier,
                                                        tracking_number, promised_by, reached_at, created_at, updated_at)
         SELECT lpad(to_hex(number), 32, '0')::uuid, lpad(to_hex(number), 32, '0')::uuid, gen_random_uuid(),
                lpad(to_hex(number % 20 + 1), 32, '0')::uuid, '[]',
                CASE number % 100 WHEN 7 THEN 'booked' ELSE 'delivered' END, 'manual', 'N' || number, now(),
                CASE number % 100 WHEN 7 THEN NULL ELSE now() END, now(), now()
         FROM generate_series(1, 20000) AS number";

    #[sqlx::test(migrations = "../../migrations")]
    async fn every_list_reads_a_few_rows_through_an_index_however_many_shipments_there_are(pool: PgPool) {
        sqlx::raw_sql(MANY).execute(&pool).await.unwrap();
        sqlx::raw_sql("VACUUM ANALYZE shipping.shipments").execute(&pool).await.unwrap();
        let vendor = UserId::from_uuid(Uuid::from_u128(8));
        for status in [None, Some(ShipmentStatus::Booked), Some(ShipmentStatus::Cancelled)] {
            for vendor in [None, Some(vendor)] {
                let mut tx = platform::postgres::begin(&pool).await.unwrap();
                let filter = ShipmentFilter { status, vendor, after: None, limit: PageSize::default() };

                let before = reads(&mut tx).await;
                let listed = list_shipments(&mut tx, &filter, 21).await.unwrap();
                let after = reads(&mut tx).await;

                let (scans, rows) = (after.0 - before.0, after.1 - before.1);
                assert_eq!(listed.len(), if status == Some(ShipmentStatus::Cancelled) { 0 } else { 21 });
                assert!(scans == 0 && rows <= 2 * 21, "{filter:?} read {rows} rows, in {scans} scans of the table");
            }
        }
    }

    /// Scans of the whole table, and rows read by an index. The counters include earlier transactions of the connection.
    async fn reads(tx: &mut PgConnection) -> (i64, i64) {
        let reads = sqlx::query_as(
            "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables
             WHERE relid = 'shipping.shipments'::regclass",
        );
        reads.fetch_one(tx).await.unwrap()
    }
}
