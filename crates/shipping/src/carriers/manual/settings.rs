//! Settings of the manual carrier.

use chrono::TimeDelta;

/// Settings of the manual carrier.
#[derive(Debug, Clone, clap::Args)]
pub struct ManualCarrierArgs {
    /// Time from the order to the delivery that carrier `manual` promises, in hours.
    #[arg(long, env, default_value_t = 168, value_parser = clap::value_parser!(u16).range(1..=8_760))]
    pub manual_carrier_delivery_hours: u16,
}

impl ManualCarrierArgs {
    pub fn promise(&self) -> TimeDelta {
        TimeDelta::hours(self.manual_carrier_delivery_hours.into())
    }
}
