//! What a check of `verify` finds, and what it checks.

use domain::Timestamp;
use serde::Serialize;
use std::fmt;

/// A row that violates an invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offender {
    /// The table, with its schema.
    pub place: String,
    /// The row's key within the table.
    pub row: String,
    pub expected: String,
    pub found: String,
}

impl fmt::Display for Offender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, row, expected, found } = self;
        write!(f, "{place} {row}: expected {expected}, found {found}")
    }
}

/// The limits of one verification, as points in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    /// Rows that have not changed since then must be consistent.
    pub consistent_by: Timestamp,
    /// Messages from before then must be published.
    pub published_by: Timestamp,
    /// Sagas with a deadline before then are overdue.
    pub due_by: Timestamp,
    /// Orders whose removal began before then must be removed.
    pub removed_by: Timestamp,
    /// Refunds from before then must be recorded by their orders.
    pub recorded_by: Timestamp,
    pub offenders_max: i64,
}
