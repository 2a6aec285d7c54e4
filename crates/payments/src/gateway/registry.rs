//! The registry of payment gateways: which exist in this build, which are started, and which one new payments go to.

use super::simulated::SimulatedGateway;
use super::{GatewayInfo, PaymentGateway, RegisteredGateway};
use chrono::TimeDelta;
use domain::ids::ProviderKey;
use platform::config::ProviderArgs;
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;

/// How long the key of an operation counts as kept by a gateway that is not registered. Most gateways promise a day.
pub(crate) const KEY_RETENTION_DEFAULT: TimeDelta = TimeDelta::hours(23);

/// Declares the gateways of this build, with the section of the settings of each.
macro_rules! register {
    ($($(#[$condition:meta])? $section:ident: $gateway:ty,)+) => {
        const REGISTERED: &[GatewayInfo] = &[$($(#[$condition])? <$gateway as RegisteredGateway>::INFO),+];

        /// The settings of every gateway, one section for each.
        #[derive(Debug, Clone, clap::Args)]
        pub struct GatewaySettings {
            $($(#[$condition])? #[command(flatten)] pub $section: <$gateway as RegisteredGateway>::Settings,)+
        }

        impl GatewaySettings {
            /// Starts every gateway that has settings.
            pub fn start(&self, pool: &PgPool) -> Vec<StartedGateway> {
                let started = [$($(#[$condition])? start_one::<$gateway>(&self.$section, pool)),+];
                started.into_iter().flatten().collect()
            }
        }

        /// Deletes what the gateways of this build keep in this database about the operations with these keys.
        pub(crate) async fn delete_operations(tx: &mut PgConnection, keys: &[ProviderKey]) -> sqlx::Result<()> {
            $($(#[$condition])? <$gateway as RegisteredGateway>::delete_operations(tx, keys).await?;)+
            Ok(())
        }
    };
}

register! {
    simulated: SimulatedGateway,
    #[cfg(test)] third: super::third::ThirdGateway,
}

/// The setting that chooses a gateway. Every process that uses it must have the same value.
#[derive(Debug, Clone, clap::Args)]
pub struct ChosenGateway {
    /// The gateway of new payments. A payment stays with the gateway that it began with.
    #[arg(long, env, default_value = SimulatedGateway::INFO.name, value_parser = parse)]
    pub payment_gateway: GatewayInfo,
}

impl ChosenGateway {
    /// A simulated gateway is a problem in production, unless it is allowed.
    pub fn problems_in_production(&self, providers: &ProviderArgs) -> Vec<String> {
        let GatewayInfo { name, is_real, .. } = self.payment_gateway;
        providers.problems("PAYMENT_GATEWAY", name, is_real)
    }
}

/// The gateways of a process.
#[derive(Debug, Clone)]
pub struct Gateways {
    chosen: GatewayInfo,
    started: Vec<StartedGateway>,
}

/// A gateway that is ready for calls.
#[derive(Debug, Clone)]
pub struct StartedGateway {
    pub info: GatewayInfo,
    pub gateway: Arc<dyn PaymentGateway>,
}

/// The chosen gateway can't be started.
#[derive(Debug, thiserror::Error)]
#[error("PAYMENT_GATEWAY is `{0}`, but the settings of this gateway are missing")]
pub struct NoSettings(&'static str);

impl Gateways {
    /// Starts every gateway that has settings, so that payments which began with another one can be completed.
    pub fn start(chosen: &ChosenGateway, settings: &GatewaySettings, pool: &PgPool) -> Result<Self, NoSettings> {
        let (chosen, started) = (chosen.payment_gateway, settings.start(pool));
        if started.iter().any(|gateway| gateway.info == chosen) {
            return Ok(Self { chosen, started });
        }
        Err(NoSettings(chosen.name))
    }

    /// A single gateway.
    pub fn of(info: GatewayInfo, gateway: impl PaymentGateway) -> Self {
        Self { chosen: info, started: vec![StartedGateway { info, gateway: Arc::new(gateway) }] }
    }

    /// The gateway of a new payment with this method. An order that was accepted before the setting changed may have a
    /// method that only another gateway supports.
    pub fn for_method(&self, method: Option<&str>) -> GatewayInfo {
        let supports = |info: &GatewayInfo| method.is_none_or(|method| info.methods.supports(method));
        let others = self.started.iter().map(|gateway| gateway.info);
        std::iter::once(self.chosen).chain(others).find(supports).unwrap_or(self.chosen)
    }

    /// How long the gateway keeps an idempotency key.
    pub fn key_retention(&self, name: &str) -> TimeDelta {
        let mut known = self.started.iter().map(|gateway| gateway.info);
        known.find(|info| info.name == name).map_or(KEY_RETENTION_DEFAULT, |info| info.idempotency_key_retention)
    }

    pub(crate) fn started(&self) -> &[StartedGateway] {
        &self.started
    }
}

/// The gateways of this build, whether they are started or not.
pub(crate) fn registered() -> &'static [GatewayInfo] {
    REGISTERED
}

fn start_one<G: RegisteredGateway>(settings: &G::Settings, pool: &PgPool) -> Option<StartedGateway> {
    let gateway = G::start(settings, pool)?;
    Some(StartedGateway { info: G::INFO, gateway: Arc::new(gateway) })
}

fn parse(name: &str) -> Result<GatewayInfo, String> {
    let known = || REGISTERED.iter().map(|info| info.name).collect::<Vec<_>>().join(", ");
    let found = REGISTERED.iter().find(|info| info.name == name);
    found.copied().ok_or_else(|| format!("there is no such gateway; there are: {}", known()))
}
