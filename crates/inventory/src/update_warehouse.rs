//! Use case: renames a warehouse, changes its priority or its location, closes it or opens it again.

use crate::{StoreError, store};
use domain::Timestamp;
use domain::applied::Applied;
use domain::inventory::{Warehouse, WarehouseChange, WarehouseError, WarehouseRef, WarehouseRefError};
use platform::audit::{AuditRecord, AuditSink};
use serde_json::{Value, json};
use sqlx::PgPool;

#[derive(Debug, thiserror::Error)]
pub enum UpdateWarehouseError {
    #[error(transparent)]
    Unknown(#[from] WarehouseRefError),
    #[error(transparent)]
    Invalid(#[from] WarehouseError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the warehouse after the change. An order that is allocated at this moment may still get stock of a warehouse
/// that is being closed; later ones don't.
pub async fn update_warehouse(
    pool: &PgPool,
    reference: &WarehouseRef,
    change: &WarehouseChange,
    now: Timestamp,
    audit: &impl AuditSink,
) -> Result<Warehouse, UpdateWarehouseError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let before = reference.choose(store::find_warehouses(&mut tx, reference).await?)?;
    // Read again under the lock, so that the audit record's `before` is what was replaced.
    let before = store::lock_warehouse(&mut tx, before.id).await?;
    let Applied::Changed(after) = before.change(change, now)? else { return Ok(before) };
    store::update_warehouse(&mut tx, &after).await?;
    let (action, subject) = ("warehouse.update", format!("warehouse:{}", after.id));
    let (reason, before, after_record) = (change.reason.clone(), Some(record(&before)), Some(record(&after)));
    audit.record(&mut tx, AuditRecord { action, subject, reason, before, after: after_record }).await?;
    tx.commit().await?;
    Ok(after)
}

/// The fields that can change, in the form of audit records.
fn record(warehouse: &Warehouse) -> Value {
    let Warehouse { name, priority, location, closed, .. } = warehouse;
    let closed_reason = closed.as_ref().map(|closure| &closure.reason);
    json!({ "name": name, "priority": priority, "location": location, "closed": closed.is_some(),
            "closed_reason": closed_reason })
}

impl From<sqlx::Error> for UpdateWarehouseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
