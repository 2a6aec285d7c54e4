//! Settings of the sagas.

use domain::saga::TimeScale;

const TIME_SCALE_PERCENT: u32 = 100;

/// Must be the same in every process that starts or advances sagas.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct SagaArgs {
    /// Scales the deadlines of the saga's steps (10 s and more), in percent.
    #[arg(long, env, default_value_t = TIME_SCALE_PERCENT, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub saga_time_scale_percent: u32,
}

impl SagaArgs {
    pub const fn time_scale(&self) -> TimeScale {
        TimeScale::percent(self.saga_time_scale_percent)
    }
}

impl Default for SagaArgs {
    fn default() -> Self {
        Self { saga_time_scale_percent: TIME_SCALE_PERCENT }
    }
}
