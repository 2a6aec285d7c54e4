//! How patient the sagas are.

use domain::saga::Pace;

const PACE_PERCENT: u32 = 100;

/// Every process that starts or moves orders should have the same.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct SagaArgs {
    /// What the deadlines of the saga's steps (10 s and more) are multiplied with, in percent.
    #[arg(long, env, default_value_t = PACE_PERCENT, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub saga_pace_percent: u32,
}

impl SagaArgs {
    pub const fn pace(&self) -> Pace {
        Pace::percent(self.saga_pace_percent)
    }
}

impl Default for SagaArgs {
    fn default() -> Self {
        Self { saga_pace_percent: PACE_PERCENT }
    }
}
