//! The audit log: every change by a person is recorded in the transaction of the change.

pub use crate::model::audit::{AuditEntry, AuditFilter, Auditor};

use crate::store;
use domain::Timestamp;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use sqlx::{PgConnection, PgPool};

impl AuditSink for Auditor {
    async fn record(&self, tx: &mut PgConnection, change: AuditRecord) -> sqlx::Result<()> {
        store::audit::insert(tx, self, &change).await
    }
}

/// Stores no response: for requests without an idempotency key.
impl<T: Sync> ResponseSink<T> for Auditor {
    async fn store_response(&self, _tx: &mut PgConnection, _outcome: &T) -> sqlx::Result<()> {
        Ok(())
    }
}

/// Lists at most `limit` entries, newest first.
pub async fn list_audit_log(pool: &PgPool, filter: &AuditFilter, limit: u32) -> sqlx::Result<Vec<AuditEntry>> {
    store::audit::list(&mut *platform::postgres::reader(pool).await?, filter, limit).await
}

/// Deletes at most `limit` entries from before `before`, the oldest first, and returns their number.
pub async fn prune_audit_log(pool: &PgPool, before: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let mut tx = platform::postgres::begin(pool).await?;
    let deleted = store::prune::delete_audit_records(&mut tx, before, limit).await?;
    tx.commit().await?;
    Ok(deleted)
}

/// Records a change that no use case of another slice makes.
pub async fn record(pool: &PgPool, auditor: &Auditor, change: AuditRecord) -> sqlx::Result<()> {
    let mut connection = platform::postgres::writer(pool).await?;
    store::audit::insert(&mut connection, auditor, &change).await?;
    connection.commit().await
}
