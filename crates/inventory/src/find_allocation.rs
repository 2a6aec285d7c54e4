//! Query: how an order was allocated, and why.

use crate::{StoreError, store};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::inventory::{AllocationPolicy, Alternative, ReservationState, ReservedLines};
use domain::messages::{Allocation, MissingUnits, Shortage};
use sqlx::PgPool;

domain::string_enum! {
    pub enum AllocationStatus {
        /// No decision yet, or the order was undone before one.
        Undecided,
        /// Every line was allocated. It stays so when the stock is released or shipped.
        Allocated,
        /// What was available is allocated; the order waits for the rest.
        Waiting,
        /// A SKU was short in all open warehouses together.
        Rejected,
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationView {
    pub status: AllocationStatus,
    /// `None` while undecided, and for decisions of earlier versions.
    pub policy: Option<AllocationPolicy>,
    pub decided_at: Option<Timestamp>,
    pub allocations: Vec<Allocation>,
    pub shortages: Vec<Shortage>,
    /// What the order waits for.
    pub missing: Vec<MissingUnits>,
    pub alternatives: Vec<Alternative>,
}

const UNDECIDED: AllocationView = AllocationView {
    status: AllocationStatus::Undecided,
    policy: None,
    decided_at: None,
    allocations: Vec::new(),
    shortages: Vec::new(),
    missing: Vec::new(),
    alternatives: Vec::new(),
};

pub async fn find_allocation(pool: &PgPool, order: OrderId) -> Result<AllocationView, StoreError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let Some(found) = store::find_decided_reservation(&mut connection, order).await? else { return Ok(UNDECIDED) };
    let lines = store::find_lines(&mut connection, &[order]).await?.remove(&order).unwrap_or_default();
    let missing = store::find_backorders(&mut connection, &[order]).await?.remove(&order).unwrap_or_default();
    let missing = missing.into_iter().map(|(sku, units)| MissingUnits { sku, units });
    Ok(view(found, &lines, missing.collect()))
}

fn view(found: store::DecidedReservation, lines: &ReservedLines, missing: Vec<MissingUnits>) -> AllocationView {
    let status = match found.state {
        ReservationState::Rejected => AllocationStatus::Rejected,
        ReservationState::Waiting => AllocationStatus::Waiting,
        // A tombstone: released before anything was reserved.
        ReservationState::Released if lines.0.is_empty() => return UNDECIDED,
        ReservationState::Reserved | ReservationState::Released => AllocationStatus::Allocated,
    };
    AllocationView {
        status,
        policy: found.policy,
        decided_at: Some(found.created_at),
        allocations: lines.allocations(),
        shortages: found.shortages,
        missing,
        alternatives: found.alternatives,
    }
}
