//! The registry of carriers: which exist in this build, which are started, and which one new bookings go to.

use super::manual::ManualCarrier;
use super::simulated::SimulatedCarrier;
use super::{Carrier, RegisteredCarrier};
use crate::error::ShippingError;
use domain::Timestamp;
use messaging::WriteContext;
use platform::config::ProviderArgs;
use std::sync::Arc;

/// Declares the carriers of this build, with the section of the settings of each.
macro_rules! register {
    ($($section:ident: $carrier:ty,)+) => {
        const REGISTERED: &[&str] = &[$(<$carrier as RegisteredCarrier>::NAME),+];

        /// Whether people enter the tracking numbers of this carrier's shipments.
        pub(crate) fn is_tracking_entered(carrier: &str) -> bool {
            $((<$carrier as RegisteredCarrier>::TRACKING_IS_ENTERED && carrier == <$carrier as RegisteredCarrier>::NAME))||+
        }

        fn is_real(name: &str) -> bool {
            $((name == <$carrier as RegisteredCarrier>::NAME && <$carrier as RegisteredCarrier>::IS_REAL))||+
        }

        /// The settings of every carrier, one section for each.
        #[derive(Debug, Clone, clap::Args)]
        pub struct CarrierSettings {
            $(#[command(flatten)] pub $section: <$carrier as RegisteredCarrier>::Settings,)+
        }

        impl CarrierSettings {
            fn start(&self) -> Vec<StartedCarrier> {
                [$(start_one::<$carrier>(&self.$section)),+].into_iter().flatten().collect()
            }
        }

        /// Scheduled task: advances at most `limit` shipments of the carriers whose shipments this system moves, and
        /// returns their number. If it equals `limit`, more may be due.
        pub async fn advance_shipments(
            settings: &CarrierSettings,
            context: &WriteContext,
            now: Timestamp,
            limit: u32,
        ) -> Result<usize, ShippingError> {
            let mut left = limit;
            $(
                let advanced = <$carrier>::advance_shipments(&settings.$section, context, now, left).await?;
                left = left.saturating_sub(u32::try_from(advanced).unwrap_or(u32::MAX));
            )+
            Ok(usize::try_from(limit - left).unwrap_or(usize::MAX))
        }
    };
}

register! {
    simulated: SimulatedCarrier,
    manual: ManualCarrier,
}

/// The setting that chooses a carrier.
#[derive(Debug, Clone, clap::Args)]
pub struct ChosenCarrier {
    /// The carrier of new bookings. A booking stays with the carrier that it began with.
    #[arg(long, env, default_value = SimulatedCarrier::NAME, value_parser = parse)]
    pub carrier: &'static str,
}

impl ChosenCarrier {
    /// A simulated carrier is a problem in production, unless it is allowed.
    pub fn problems_in_production(&self, providers: &ProviderArgs) -> Vec<String> {
        providers.problems("CARRIER", self.carrier, is_real(self.carrier))
    }
}

/// The carriers of a process.
#[derive(Debug, Clone)]
pub struct Carriers {
    pub(crate) chosen: &'static str,
    pub(crate) started: Vec<StartedCarrier>,
}

/// A carrier that is ready for calls.
#[derive(Debug, Clone)]
pub struct StartedCarrier {
    pub name: &'static str,
    pub carrier: Arc<dyn Carrier>,
}

/// The chosen carrier can't be started.
#[derive(Debug, thiserror::Error)]
#[error("CARRIER is `{0}`, but the settings of this carrier are missing")]
pub struct NoSettings(&'static str);

impl Carriers {
    /// Starts every carrier that has settings, so that bookings which began with another one can be completed.
    pub fn start(chosen: &ChosenCarrier, settings: &CarrierSettings) -> Result<Self, NoSettings> {
        let (chosen, started) = (chosen.carrier, settings.start());
        if started.iter().any(|carrier| carrier.name == chosen) {
            return Ok(Self { chosen, started });
        }
        Err(NoSettings(chosen))
    }

    /// A carrier for new bookings.
    pub fn of(name: &'static str, carrier: impl Carrier) -> Self {
        Self { chosen: name, started: Vec::new() }.and(name, carrier)
    }

    /// With another carrier, for bookings that began with it.
    #[must_use]
    pub fn and(mut self, name: &'static str, carrier: impl Carrier) -> Self {
        self.started.push(StartedCarrier { name, carrier: Arc::new(carrier) });
        self
    }
}

fn start_one<C: RegisteredCarrier>(settings: &C::Settings) -> Option<StartedCarrier> {
    let carrier = C::start(settings)?;
    Some(StartedCarrier { name: C::NAME, carrier: Arc::new(carrier) })
}

fn parse(name: &str) -> Result<&'static str, String> {
    let found = REGISTERED.iter().find(|registered| **registered == name);
    found.copied().ok_or_else(|| format!("there is no such carrier; there are: {}", REGISTERED.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_carrier_is_refused_with_the_names_of_the_known_ones() {
        assert_eq!(parse(SimulatedCarrier::NAME), Ok(SimulatedCarrier::NAME));
        assert_eq!(parse("pigeon"), Err("there is no such carrier; there are: simulated, manual".to_owned()));
    }
}
