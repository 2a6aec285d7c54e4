//! A return as it is stored: what the rules need, and what they don't.

use domain::Timestamp;
use domain::ids::UserId;
use domain::returns::{Return, ReturnReason};
use messaging::Trace;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReturn {
    pub returned: Return,
    /// Who placed the order.
    pub customer_id: UserId,
    pub reason: ReturnReason,
    pub note: Option<String>,
    pub decision_note: Option<String>,
    /// `None` once it has ended.
    pub deadline_at: Option<Timestamp>,
    /// The trace of the request for it.
    pub trace: Trace,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
