//! Settings of the simulated carrier.

use domain::shipment::Milestone;
use std::time::Duration;

/// Settings of the simulated carrier.
#[derive(Debug, Clone, clap::Args)]
pub struct SimulatedCarrierArgs {
    /// Response time of the simulated carrier, in milliseconds.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60_000))]
    pub carrier_latency_ms: u64,
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

/// How fast the simulated carrier moves a shipment: the time before each milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitTimes {
    pub hand_over: Duration,
    pub in_transit: Duration,
    pub delivery: Duration,
}

impl SimulatedCarrierArgs {
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
