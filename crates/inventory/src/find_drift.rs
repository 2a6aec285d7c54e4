//! Finds stock whose books disagree, for `orderctl verify`.

use crate::{StoreError, store};
use domain::ids::WarehouseId;
use domain::product::Sku;
use sqlx::PgPool;

const DRIFTS_MAX: i64 = 100;

/// One stock row that contradicts its ledger or its reservations; there is none unless somebody wrote by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub on_hand: i64,
    pub reserved: i64,
    pub ledger_on_hand: i64,
    pub ledger_reserved: i64,
    /// The sum of the lines that are held.
    pub held: i64,
}

/// The first hundred.
pub async fn find_drift(pool: &PgPool) -> Result<Vec<Drift>, StoreError> {
    store::find_drift(&mut *pool.acquire().await?, DRIFTS_MAX).await
}
