//! The result of a verification.

use crate::model::offender::Offender;
use serde::Serialize;
use std::fmt;

/// The outcomes of all checks, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub checks: Vec<Outcome>,
}

/// The outcome of a check: its invariant (`promise`), and the first rows that violate it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub check: &'static str,
    pub promise: &'static str,
    /// How long the check took.
    pub took_ms: u64,
    /// At most `VerifyLimits::offenders_max`.
    pub offenders: Vec<Offender>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.checks.iter().all(|outcome| outcome.offenders.is_empty())
    }

    /// The first offending row, with the check that found it.
    pub fn first_offender(&self) -> Option<(&'static str, &Offender)> {
        self.checks.iter().find_map(|outcome| Some((outcome.check, outcome.offenders.first()?)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.checks {
            for offender in &outcome.offenders {
                writeln!(f, "{}: {offender}", outcome.check)?;
            }
        }
        Ok(())
    }
}
