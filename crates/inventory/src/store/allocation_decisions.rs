//! `inventory.allocation_decisions`: the policy of each decision, and the alternatives that it rejected.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::inventory::{AllocationPolicy, Alternative, ReservationState};
use domain::messages::Shortage;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use sqlx::types::Json;

/// What is stored of a decision beside its reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewDecision {
    pub order_id: OrderId,
    pub policy: AllocationPolicy,
    pub alternatives: Vec<Alternative>,
}

/// A reservation with its decision. Those of earlier versions have none.
#[derive(Debug)]
pub(crate) struct DecidedReservation {
    pub state: ReservationState,
    pub shortages: Vec<Shortage>,
    pub created_at: Timestamp,
    pub policy: Option<AllocationPolicy>,
    pub alternatives: Vec<Alternative>,
}

pub(crate) async fn insert_decisions(tx: &mut PgConnection, decisions: &[NewDecision]) -> Result<(), StoreError> {
    if decisions.is_empty() {
        return Ok(());
    }
    let order_id: Vec<_> = decisions.iter().map(|decision| decision.order_id.as_uuid()).collect();
    let policy: Vec<&str> = decisions.iter().map(|decision| decision.policy.into()).collect();
    let stored = |decision: &&NewDecision| !decision.alternatives.is_empty();
    let alternatives: Vec<_> = decisions
        .iter()
        .map(|decision| Some(decision).filter(stored).map(|decision| Json(&decision.alternatives)))
        .collect();
    sqlx::query!(
        "INSERT INTO inventory.allocation_decisions (order_id, policy, alternatives)
         SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS policy, unnest($3::jsonb[]) AS alternatives",
        &order_id,
        &policy as &[&str],
        &alternatives as &[Option<Json<&Vec<Alternative>>>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn find_decided_reservation(
    connection: &mut PgConnection,
    order: OrderId,
) -> Result<Option<DecidedReservation>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT reservation.state, reservation.shortages AS "shortages: Json<Vec<Shortage>>", reservation.created_at,
                  decision.policy AS "policy?", decision.alternatives AS "alternatives?: Json<Vec<Alternative>>"
             FROM inventory.reservations AS reservation
             LEFT JOIN inventory.allocation_decisions AS decision ON decision.order_id = reservation.order_id
            WHERE reservation.order_id = $1"#,
        order.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let policy = row
        .policy
        .map(|policy| StoredRow::new("inventory.allocation_decisions", order).read_column("policy", policy.parse()));
    Ok(Some(DecidedReservation {
        state: StoredRow::new("inventory.reservations", order).read_column("state", row.state.parse())?,
        shortages: row.shortages.map(|Json(shortages)| shortages).unwrap_or_default(),
        created_at: row.created_at,
        policy: policy.transpose()?,
        alternatives: row.alternatives.map(|Json(alternatives)| alternatives).unwrap_or_default(),
    }))
}
