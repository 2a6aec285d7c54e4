//! SQL of the delay check: the delay columns of `shipping.shipments`, and table `shipping.delays`.

use super::SHIPMENTS;
use crate::error::ShippingError;
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId};
use messaging::Trace;
use platform::consistency::ensure_rows;
use sqlx::PgConnection;

/// A shipment that may have reached its next delay level, with the trace of its messages.
#[derive(Debug)]
pub(crate) struct LateShipment {
    pub order_id: OrderId,
    pub id: ShipmentId,
    pub promised_by: Timestamp,
    /// The highest level that was marked. 0 for none.
    pub level: u16,
    pub trace: Trace,
}

/// The result of a check of a late shipment.
#[derive(Debug)]
pub(crate) struct DelayCheck {
    pub late: LateShipment,
    /// One more than before, or the same if the next level is not reached yet.
    pub level: u16,
    /// When the next level is reached. `None` if there is no further level.
    pub next_delay_at: Option<Timestamp>,
}

/// Locks at most `limit` shipments that are due for a check, the longest due first. Rows locked by other transactions
/// are skipped.
pub(crate) async fn lock_late_shipments(
    tx: &mut PgConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<LateShipment>, ShippingError> {
    let rows = sqlx::query!(
        r#"WITH due AS MATERIALIZED (
               SELECT order_id, id, promised_by, delay_level
               FROM shipping.shipments
               WHERE status IN ('booked', 'handed_over', 'in_transit') AND coalesce(next_delay_at, promised_by) <= $1
               ORDER BY coalesce(next_delay_at, promised_by) LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
           SELECT due.order_id AS "order_id!", due.id AS "id!", due.promised_by AS "promised_by!",
                  due.delay_level AS "delay_level!", b.correlation_id, b.traceparent
           FROM due JOIN shipping.bookings AS b ON b.order_id = due.order_id
           WHERE b.order_id = ANY (ARRAY(SELECT order_id FROM due))"#,
        now,
        i64::from(limit),
    )
    .fetch_all(tx)
    .await?;
    let late = rows.into_iter().map(|row| LateShipment {
        order_id: OrderId::from_uuid(row.order_id),
        id: ShipmentId::from_uuid(row.id),
        promised_by: row.promised_by,
        level: u16::try_from(row.delay_level).unwrap_or(0),
        trace: Trace { correlation_id: row.correlation_id, causation_id: None, traceparent: row.traceparent },
    });
    Ok(late.collect())
}

pub(crate) async fn save_delay_checks(
    tx: &mut PgConnection,
    checks: &[DelayCheck],
    now: Timestamp,
) -> Result<(), ShippingError> {
    if checks.is_empty() {
        return Ok(());
    }
    let order_id: Vec<_> = checks.iter().map(|check| check.late.order_id.as_uuid()).collect();
    let id: Vec<_> = checks.iter().map(|check| check.late.id.as_uuid()).collect();
    let level_before: Vec<_> = checks.iter().map(|check| smallint(check.late.level)).collect();
    let delay_level: Vec<_> = checks.iter().map(|check| smallint(check.level)).collect();
    let next_delay_at: Vec<_> = checks.iter().map(|check| check.next_delay_at).collect();
    let result = sqlx::query!(
        "UPDATE shipping.shipments AS stored
            SET delay_level = new.delay_level, next_delay_at = coalesce(new.next_delay_at, 'infinity'),
                delayed_at = CASE WHEN new.delay_level > 0 THEN coalesce(stored.delayed_at, $1) END, updated_at = $1
           FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::uuid[]) AS id,
                        unnest($4::smallint[]) AS level_before, unnest($5::smallint[]) AS delay_level,
                        unnest($6::timestamptz[]) AS next_delay_at) AS new
          WHERE stored.order_id = ANY($2) AND stored.order_id = new.order_id AND stored.id = new.id
            AND stored.delay_level = new.level_before",
        now,
        &order_id,
        &id,
        &level_before,
        &delay_level,
        &next_delay_at as &[Option<Timestamp>],
    )
    .execute(tx)
    .await?;
    Ok(ensure_rows(SHIPMENTS, checks.len(), result.rows_affected())?)
}

/// Inserts one row per marked level. The primary key ensures that no level is marked twice.
pub(crate) async fn insert_delays(
    tx: &mut PgConnection,
    marked: &[&DelayCheck],
    now: Timestamp,
) -> Result<(), ShippingError> {
    let shipment_id: Vec<_> = marked.iter().map(|check| check.late.id.as_uuid()).collect();
    let level: Vec<_> = marked.iter().map(|check| smallint(check.level)).collect();
    let promised_by: Vec<_> = marked.iter().map(|check| check.late.promised_by).collect();
    sqlx::query!(
        "INSERT INTO shipping.delays (shipment_id, level, promised_by, marked_at)
         SELECT new.shipment_id, new.level, new.promised_by, $1 AS marked_at
           FROM (SELECT unnest($2::uuid[]) AS shipment_id, unnest($3::smallint[]) AS level,
                        unnest($4::timestamptz[]) AS promised_by) AS new",
        now,
        &shipment_id,
        &level,
        &promised_by,
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn smallint(level: u16) -> i16 {
    i16::try_from(level).unwrap_or(i16::MAX)
}
