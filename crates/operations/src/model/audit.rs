//! The audit log: its entries, and what selects them.

use domain::Timestamp;
use serde_json::Value;

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
