//! Settings of the slice and of the simulated carrier.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::shipment::Milestone;
use std::time::Duration;

/// Settings of the shipping queue and of the simulated carrier.
#[derive(Debug, Clone, clap::Args)]
pub struct ShippingArgs {
    /// Response time of the simulated carrier, in milliseconds.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60_000))]
    pub carrier_latency_ms: u64,
    /// Maximum number of orders that one worker books with the carrier concurrently.
    #[arg(long, env, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub carrier_calls_max: u16,
    /// Maximum number of orders that one worker cancels with the carrier concurrently.
    #[arg(long, env, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub carrier_cancel_calls_max: u16,
    /// Time from a booking with the simulated carrier to the hand-over, in milliseconds.
    #[arg(long, env, default_value_t = 20_000)]
    pub carrier_hand_over_ms: u32,
    /// Time from the hand-over to `in_transit`, in milliseconds.
    #[arg(long, env, default_value_t = 20_000)]
    pub carrier_in_transit_ms: u32,
    /// Time from `in_transit` to the delivery, in milliseconds.
    #[arg(long, env, default_value_t = 30_000)]
    pub carrier_delivery_ms: u32,
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

/// How fast the simulated carrier moves a shipment: the time before each milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitTimes {
    pub hand_over: Duration,
    pub in_transit: Duration,
    pub delivery: Duration,
}

impl ShippingArgs {
    pub fn transit_times(&self) -> TransitTimes {
        let after = |ms: u32| Duration::from_millis(u64::from(ms));
        TransitTimes {
            hand_over: after(self.carrier_hand_over_ms),
            in_transit: after(self.carrier_in_transit_ms),
            delivery: after(self.carrier_delivery_ms),
        }
    }

    pub fn latency(&self) -> Duration {
        Duration::from_millis(self.carrier_latency_ms)
    }
}

impl TransitTimes {
    /// Time from the previous milestone, or from the booking, to `milestone`.
    pub fn before(&self, milestone: Milestone) -> Duration {
        match milestone {
            Milestone::HandedOver => self.hand_over,
            Milestone::InTransit => self.in_transit,
            Milestone::Delivered => self.delivery,
        }
    }
}

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
