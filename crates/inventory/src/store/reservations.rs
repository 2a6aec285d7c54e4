//! `inventory.reservations`: the fate of an order, and the lock that its commands take first.

use super::{expect_rows, parsed};
use crate::StoreError;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::inventory::ReservationState;
use domain::messages::Shortage;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;

/// The state that the order gets if nothing was known of it.
pub(crate) struct Claim {
    pub order_id: OrderId,
    pub state: ReservationState,
    pub cause: MessageId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimedHeader {
    /// This transaction made it; else it is as it was found.
    pub is_new: bool,
    pub state: ReservationState,
    pub shortages: Vec<Shortage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettledHeader {
    pub order_id: OrderId,
    pub state: ReservationState,
    pub shortages: Option<Vec<Shortage>>,
}

struct HeaderRow {
    order_id: uuid::Uuid,
    state: String,
    shortages: Option<Json<Vec<Shortage>>>,
    is_new: bool,
}

/// Makes the header of each order that has none, and locks those that are there, in order of their ids: a reserve and
/// a release of one order, in two transactions at once, thus go one after the other.
pub(crate) async fn claim_headers(
    tx: &mut PgConnection,
    claims: &[Claim],
    now: Timestamp,
) -> Result<HashMap<OrderId, ClaimedHeader>, StoreError> {
    if claims.is_empty() {
        return Ok(HashMap::new());
    }
    let orders: Vec<_> = claims.iter().map(|claim| claim.order_id.as_uuid()).collect();
    let states: Vec<&str> = claims.iter().map(|claim| claim.state.into()).collect();
    let causes: Vec<_> = claims.iter().map(|claim| claim.cause.as_uuid()).collect();
    let rows = sqlx::query_as!(
        HeaderRow,
        r#"INSERT INTO inventory.reservations AS header (order_id, state, cause, created_at, updated_at)
           SELECT claim.order_id, claim.state, claim.cause, $4, $4
             FROM UNNEST($1::uuid[], $2::text[], $3::uuid[]) AS claim (order_id, state, cause)
            ORDER BY claim.order_id
           ON CONFLICT (order_id) DO UPDATE SET asked = header.asked + 1
           RETURNING order_id, state, shortages AS "shortages: Json<Vec<Shortage>>", asked = 1 AS "is_new!""#,
        &orders,
        &states as &[&str],
        &causes,
        now,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(HeaderRow::claimed).collect()
}

/// Moves headers that this transaction has claimed to their new state.
pub(crate) async fn settle_headers(
    tx: &mut PgConnection,
    headers: &[SettledHeader],
    now: Timestamp,
) -> Result<(), StoreError> {
    if headers.is_empty() {
        return Ok(());
    }
    let orders: Vec<_> = headers.iter().map(|header| header.order_id.as_uuid()).collect();
    let states: Vec<&str> = headers.iter().map(|header| header.state.into()).collect();
    let shortages: Vec<_> = headers.iter().map(|header| header.shortages.as_ref().map(Json)).collect();
    let changed = sqlx::query!(
        "UPDATE inventory.reservations AS header
            SET state = settled.state, shortages = settled.shortages, updated_at = $4
           FROM UNNEST($1::uuid[], $2::text[], $3::jsonb[]) AS settled (order_id, state, shortages)
          WHERE header.order_id = settled.order_id AND header.state = 'reserved'",
        &orders,
        &states as &[&str],
        &shortages as &[Option<Json<&Vec<Shortage>>>],
        now,
    )
    .execute(tx)
    .await?;
    expect_rows(changed.rows_affected(), headers.len(), "reservations", "state")
}

impl HeaderRow {
    fn claimed(self) -> Result<(OrderId, ClaimedHeader), StoreError> {
        let state = parsed(&self.state, "reservations", "state", self.order_id)?;
        let shortages = self.shortages.map(|Json(shortages)| shortages).unwrap_or_default();
        Ok((OrderId::from_uuid(self.order_id), ClaimedHeader { is_new: self.is_new, state, shortages }))
    }
}
