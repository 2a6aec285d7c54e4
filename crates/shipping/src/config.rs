//! Settings of the slice. Those of each carrier are in its folder.

use crate::carriers::{CarrierSettings, ChosenCarrier};
use chrono::TimeDelta;
use domain::Timestamp;

/// Settings of the shipping queue.
#[derive(Debug, Clone, clap::Args)]
pub struct ShippingArgs {
    #[command(flatten)]
    pub chosen: ChosenCarrier,
    #[command(flatten)]
    pub carriers: CarrierSettings,
    /// Maximum number of orders that one worker books with the carrier concurrently.
    #[arg(long, env, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub carrier_calls_max: u16,
    /// Maximum number of orders that one worker cancels with the carrier concurrently.
    #[arg(long, env, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub carrier_cancel_calls_max: u16,
}

/// Settings of the delay check.
#[derive(Debug, Clone, clap::Args)]
pub struct DelayArgs {
    /// Seconds after the promised time at which a shipment is marked as delayed: one number per delay level, rising.
    #[arg(long, env, value_delimiter = ',', default_value = "0,86400,259200")]
    pub shipment_delay_levels_seconds: Vec<u32>,
}

/// The delay levels, counted from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelayLevels(Vec<TimeDelta>);

impl DelayArgs {
    pub fn problems(&self) -> Vec<String> {
        let rising = self.shipment_delay_levels_seconds.is_sorted_by(|one, next| one < next);
        let problem = "SHIPMENT_DELAY_LEVELS_SECONDS: each level must be later than the previous one".to_owned();
        if rising { Vec::new() } else { vec![problem] }
    }

    pub fn levels(&self) -> DelayLevels {
        let seconds = self.shipment_delay_levels_seconds.iter();
        DelayLevels(seconds.map(|seconds| TimeDelta::seconds(i64::from(*seconds))).collect())
    }
}

impl DelayLevels {
    /// When a shipment that was promised by `promised_by` reaches `level`. `None` if there is no such level.
    pub fn reached_at(&self, level: u16, promised_by: Timestamp) -> Option<Timestamp> {
        let after = self.0.get(usize::from(level).checked_sub(1)?)?;
        promised_by.checked_add_signed(*after)
    }
}
