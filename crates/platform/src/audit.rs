//! The interface to the audit log. A use case writes the record in the transaction of the change, so there is no change
//! without its record, and no record without its change.

use serde_json::Value;
use sqlx::PgConnection;

/// The record of a change that a person made.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// The action: `product.update`, `stock.adjust`, ...
    pub action: &'static str,
    /// The changed object: `product:<sku>`, `user:<id>`, ...
    pub subject: String,
    /// The reason that the person gave.
    pub reason: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// Stores audit records. A use case calls it before it commits.
pub trait AuditSink: Send + Sync {
    fn record(&self, tx: &mut PgConnection, change: AuditRecord) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// Stores nothing: for changes that no person makes, such as seeds, simulations and tests.
#[derive(Debug, Clone, Copy)]
pub struct NoAudit;

impl AuditSink for NoAudit {
    async fn record(&self, _tx: &mut PgConnection, _change: AuditRecord) -> sqlx::Result<()> {
        Ok(())
    }
}
