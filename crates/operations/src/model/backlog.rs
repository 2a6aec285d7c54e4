//! The pending work.

use domain::saga::PhaseName;

/// The pending work.
#[derive(Debug, Clone, PartialEq)]
pub struct Backlog {
    pub outbox: OutboxDepth,
    /// Only phases with at least one active saga.
    pub sagas: Vec<PhaseBacklog>,
    /// How far the most overdue saga is past its deadline; 0 when there is none.
    pub overdue_seconds: f64,
    /// Settlements of the last month in which a gateway reports other sums than the money ledger has.
    pub differing_settlements: i64,
}

/// The messages that are not published yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutboxDepth {
    pub messages: i64,
    /// How long the oldest message has waited; 0 when there is none.
    pub oldest_seconds: f64,
}

/// The active sagas in one phase.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseBacklog {
    pub phase: PhaseName,
    pub active_sagas: i64,
    /// How long ago the oldest order whose saga is in this phase was accepted.
    pub oldest_seconds: f64,
}
