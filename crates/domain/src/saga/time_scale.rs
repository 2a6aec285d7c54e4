//! How fast the clock of all sagas runs, in percent of the plan's own times: 100 in earnest, a few in tests.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    percent: u32,
}

impl Pace {
    pub const REAL: Self = Self { percent: 100 };

    /// `percent` of the plan's times; at least one.
    pub const fn percent(percent: u32) -> Self {
        Self { percent: if percent == 0 { 1 } else { percent } }
    }

    pub fn of(self, planned: Duration) -> Duration {
        planned * self.percent / 100
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::REAL
    }
}
