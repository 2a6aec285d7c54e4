//! Settings of the inventory's scheduled tasks.

use std::time::Duration;

/// Settings of the inventory's scheduled tasks.
#[derive(Debug, Clone, clap::Args)]
pub struct UpkeepArgs {
    /// Age after which a reservation's order is queried whether it still needs the stock, in seconds.
    #[arg(long, env, default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(1..))]
    pub reservation_ttl_seconds: u32,
}

impl UpkeepArgs {
    pub fn reservation_ttl(&self) -> Duration {
        Duration::from_secs(self.reservation_ttl_seconds.into())
    }
}
