//! Scales all waits of all sagas, in percent of the plan's times: 100 in production, a few percent in tests.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeScale {
    percent: u32,
}

impl TimeScale {
    pub const REAL: Self = Self { percent: 100 };

    /// `percent` of the plan's times; at least one.
    pub const fn percent(percent: u32) -> Self {
        Self { percent: if percent == 0 { 1 } else { percent } }
    }

    pub fn scale(self, planned: Duration) -> Duration {
        planned * self.percent / 100
    }
}

impl Default for TimeScale {
    fn default() -> Self {
        Self::REAL
    }
}
