//! Settings of the allocation, and of the inventory's scheduled tasks.

use domain::inventory::AllocationPolicy;
use std::time::Duration;
use strum::VariantNames;

/// Settings of the allocation.
#[derive(Debug, Clone, clap::Args)]
pub struct AllocationArgs {
    /// How the warehouses of an order are chosen: `single_warehouse_first`, `minimise_splits`, `priority` or `nearest`.
    /// An admin may choose another policy for one order.
    #[arg(long, env, default_value_t = AllocationPolicy::default(), value_parser = policy)]
    pub allocation_policy: AllocationPolicy,
}

fn policy(name: &str) -> Result<AllocationPolicy, String> {
    name.parse().map_err(|_unknown| format!("must be one of {}", AllocationPolicy::VARIANTS.join(", ")))
}

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
