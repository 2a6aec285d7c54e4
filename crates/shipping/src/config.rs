use chrono::TimeDelta;
use domain::Timestamp;
use domain::shipment::Milestone;
use std::time::Duration;

#[derive(Debug, Clone, clap::Args)]
pub struct ShippingArgs {
    /// How long the simulated carrier takes to answer, in milliseconds.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60_000))]
    pub carrier_latency_ms: u64,
    /// Orders that one worker asks the carrier to take on at a time.
    #[arg(long, env, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub carrier_calls_max: u16,
    /// Orders that one worker calls back from the carrier at a time.
    #[arg(long, env, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub carrier_cancel_calls_max: u16,
    /// After how many milliseconds the simulated carrier fetches what it has booked.
    #[arg(long, env, default_value_t = 20_000)]
    pub carrier_hand_over_ms: u32,
    /// How many milliseconds later it reports the shipment to be in transit.
    #[arg(long, env, default_value_t = 20_000)]
    pub carrier_in_transit_ms: u32,
    /// How many milliseconds after that it delivers.
    #[arg(long, env, default_value_t = 30_000)]
    pub carrier_delivery_ms: u32,
}

/// When a shipment counts as late.
#[derive(Debug, Clone, clap::Args)]
pub struct DelayArgs {
    /// How many seconds after it was promised a shipment is marked as late: one number a level, rising.
    #[arg(long, env, value_delimiter = ',', default_value = "0,86400,259200")]
    pub shipment_delay_levels_seconds: Vec<u32>,
}

/// The levels of lateness, counted from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelayLevels(Vec<TimeDelta>);

/// How fast the simulated carrier moves a shipment: the time before each milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub hand_over: Duration,
    pub in_transit: Duration,
    pub delivery: Duration,
}

impl ShippingArgs {
    pub fn pace(&self) -> Pace {
        let after = |ms: u32| Duration::from_millis(u64::from(ms));
        Pace {
            hand_over: after(self.carrier_hand_over_ms),
            in_transit: after(self.carrier_in_transit_ms),
            delivery: after(self.carrier_delivery_ms),
        }
    }

    pub fn latency(&self) -> Duration {
        Duration::from_millis(self.carrier_latency_ms)
    }
}

impl Pace {
    /// How long a shipment stays where it is before it reaches `milestone`.
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
        let told = "SHIPMENT_DELAY_LEVELS_SECONDS: each level must be later than the one before".to_owned();
        if rising { Vec::new() } else { vec![told] }
    }

    pub fn levels(&self) -> DelayLevels {
        let seconds = self.shipment_delay_levels_seconds.iter();
        DelayLevels(seconds.map(|seconds| TimeDelta::seconds(i64::from(*seconds))).collect())
    }
}

impl DelayLevels {
    /// When a shipment that was promised by then reaches `level`; none when there is no such level.
    pub fn reached_at(&self, level: u16, promised_by: Timestamp) -> Option<Timestamp> {
        let after = self.0.get(usize::from(level).checked_sub(1)?)?;
        promised_by.checked_add_signed(*after)
    }
}
