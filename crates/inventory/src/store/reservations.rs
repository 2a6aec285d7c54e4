//! `inventory.reservations`: the state of an order's reservation, and the row that its commands lock first.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::inventory::ReservationState;
use domain::messages::Shortage;
use platform::consistency::{StoredRow, ensure_rows};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;

const TABLE: &str = "inventory.reservations";

/// The reservation to insert if the order has none.
pub(crate) struct NewReservation {
    pub order_id: OrderId,
    pub state: ReservationState,
    pub cause: MessageId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LockedReservation {
    /// True if this transaction inserted it.
    pub is_new: bool,
    pub state: ReservationState,
    pub shortages: Vec<Shortage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReservationUpdate {
    pub order_id: OrderId,
    pub state: ReservationState,
    pub shortages: Option<Vec<Shortage>>,
}

struct ReservationRow {
    order_id: uuid::Uuid,
    state: String,
    shortages: Option<Json<Vec<Shortage>>>,
    is_new: bool,
}

/// Inserts the reservations that don't exist yet and locks the others, sorted by order id. So concurrent reserve and
/// release commands of one order are serialized.
pub(crate) async fn lock_reservations(
    tx: &mut PgConnection,
    new: &[NewReservation],
    now: Timestamp,
) -> Result<HashMap<OrderId, LockedReservation>, StoreError> {
    if new.is_empty() {
        return Ok(HashMap::new());
    }
    let order_id: Vec<_> = new.iter().map(|reservation| reservation.order_id.as_uuid()).collect();
    let state: Vec<&str> = new.iter().map(|reservation| reservation.state.into()).collect();
    let cause: Vec<_> = new.iter().map(|reservation| reservation.cause.as_uuid()).collect();
    let rows = sqlx::query_as!(
        ReservationRow,
        r#"INSERT INTO inventory.reservations AS header (order_id, state, cause, created_at, updated_at)
           SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS state, unnest($3::uuid[]) AS cause,
                  $4 AS created_at, $4 AS updated_at
            ORDER BY order_id
           ON CONFLICT (order_id) DO UPDATE SET request_count = header.request_count + 1
           RETURNING order_id, state, shortages AS "shortages: Json<Vec<Shortage>>", request_count = 1 AS "is_new!""#,
        &order_id,
        &state as &[&str],
        &cause,
        now,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(ReservationRow::try_into_locked).collect()
}

/// Changes the state of reservations that this transaction has locked.
pub(crate) async fn update_reservations(
    tx: &mut PgConnection,
    updates: &[ReservationUpdate],
    now: Timestamp,
) -> Result<(), StoreError> {
    if updates.is_empty() {
        return Ok(());
    }
    let order_id: Vec<_> = updates.iter().map(|update| update.order_id.as_uuid()).collect();
    let state: Vec<&str> = updates.iter().map(|update| update.state.into()).collect();
    let shortages: Vec<_> = updates.iter().map(|update| update.shortages.as_ref().map(Json)).collect();
    let changed = sqlx::query!(
        "UPDATE inventory.reservations AS header
            SET state = settled.state, shortages = settled.shortages, updated_at = $4
           FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS state,
                        unnest($3::jsonb[]) AS shortages) AS settled
          WHERE header.order_id = settled.order_id AND header.state IN ('reserved', 'waiting')",
        &order_id,
        &state as &[&str],
        &shortages as &[Option<Json<&Vec<Shortage>>>],
        now,
    )
    .execute(tx)
    .await?;
    Ok(ensure_rows(TABLE, updates.len(), changed.rows_affected())?)
}

impl ReservationRow {
    fn try_into_locked(self) -> Result<(OrderId, LockedReservation), StoreError> {
        let state = StoredRow::new(TABLE, self.order_id).read_column("state", self.state.parse())?;
        let shortages = self.shortages.map(|Json(shortages)| shortages).unwrap_or_default();
        Ok((OrderId::from_uuid(self.order_id), LockedReservation { is_new: self.is_new, state, shortages }))
    }
}
