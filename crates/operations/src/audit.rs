//! The audit log: every change by a person is recorded in the transaction of the change.

use crate::store;
use domain::Timestamp;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// Records the changes of one request by `actor`.
#[derive(Debug, Clone)]
pub struct Auditor {
    /// `admin:<id>`, `vendor:<id>`, `customer:<id>`
    pub actor: String,
    pub request_id: String,
    pub at: Timestamp,
}

/// A recorded change.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct AuditEntry {
    /// Increases with each entry.
    pub id: i64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub reason: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub request_id: String,
}

/// Filter for the list; `None` matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    /// Only entries before the one with this id, the last of the previous page.
    pub before: Option<i64>,
}

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
    store::audit::list(&mut *pool.acquire().await?, filter, limit).await
}
