use std::time::Duration;

/// Settings of the inventory's upkeep.
#[derive(Debug, Clone, clap::Args)]
pub struct UpkeepArgs {
    /// How long stock is held before its order is asked whether it still wants it, in seconds.
    #[arg(long, env, default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(1..))]
    pub reservation_ttl_seconds: u32,
}

impl UpkeepArgs {
    pub fn reservation_ttl(&self) -> Duration {
        Duration::from_secs(self.reservation_ttl_seconds.into())
    }
}
