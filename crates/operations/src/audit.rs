//! Audit: everything that a person changes is written down, in the transaction of the change.

use crate::store;
use domain::Timestamp;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// Writes down what `actor` changes by one request.
#[derive(Debug, Clone)]
pub struct Auditor {
    /// `admin:<id>`, `vendor:<id>`, `customer:<id>`
    pub actor: String,
    pub request_id: String,
    pub at: Timestamp,
}

/// One change, as it was written down.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct AuditEntry {
    /// Rises with each entry.
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

/// Which entries are wanted: what is none, is of no concern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    /// Only those before the entry of this id: where the page before ended.
    pub before: Option<i64>,
}

impl AuditSink for Auditor {
    async fn record(&self, tx: &mut PgConnection, change: AuditRecord) -> sqlx::Result<()> {
        store::audit::insert(tx, self, &change).await
    }
}

/// It records the change alone: for requests that have no key.
impl<T: Sync> ResponseSink<T> for Auditor {
    async fn store_response(&self, _tx: &mut PgConnection, _outcome: &T) -> sqlx::Result<()> {
        Ok(())
    }
}

/// At most `limit` entries, the newest first.
pub async fn list_audit_log(pool: &PgPool, filter: &AuditFilter, limit: u32) -> sqlx::Result<Vec<AuditEntry>> {
    store::audit::list(&mut *pool.acquire().await?, filter, limit).await
}
