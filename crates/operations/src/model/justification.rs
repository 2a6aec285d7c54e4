//! Who asked for a change, why, and when.

use domain::Timestamp;

/// Who asked for it, why, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Justification {
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
}
