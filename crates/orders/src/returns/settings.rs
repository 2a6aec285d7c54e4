//! Settings of returns.

use chrono::TimeDelta;

const DAYS: u16 = 30;

#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ReturnArgs {
    /// How many days after the delivery of a line its units may be returned.
    #[arg(long, env, default_value_t = DAYS, value_parser = clap::value_parser!(u16).range(0..=3_650))]
    pub return_window_days: u16,
    /// How many days after its approval a return expires that was not received.
    #[arg(long, env, default_value_t = DAYS, value_parser = clap::value_parser!(u16).range(1..=3_650))]
    pub return_expires_days: u16,
}

impl ReturnArgs {
    pub const DEFAULT: Self = Self { return_window_days: DAYS, return_expires_days: DAYS };

    pub fn window(&self) -> TimeDelta {
        TimeDelta::days(self.return_window_days.into())
    }

    pub fn expires_after(&self) -> TimeDelta {
        TimeDelta::days(self.return_expires_days.into())
    }
}
