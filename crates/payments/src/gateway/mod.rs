//! The interface to payment gateways. A gateway is a folder here, and one line in `registry.rs`.
//!
//! The contract, tested by `tests/it/gateway_contract.rs` for any implementation:
//! - Calls with the same key get the same response, and their operation is executed once. A decline is final.
//! - A void names the key of its authorization and has no key of its own, because voiding is idempotent. It releases
//!   the amount that was not captured, refunds the amount that was, and from then on **refuses everything under that
//!   key**, even an authorization that is still in flight and that the gateway does not know yet. Not every provider
//!   guarantees the last part (some cancel only existing authorizations). An adapter for such a provider must store the
//!   tombstone itself and check for late authorizations. As a second defence, the payment's rules void again when an
//!   authorization is reported after a void that found nothing.
//! - After a timeout, a lost connection or a 5xx response the outcome is `Unknown`: the operation may be executed.

mod methods;
mod registry;
pub mod simulated;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod third;

pub use methods::PaymentMethods;
pub use registry::{ChosenGateway, GatewaySettings, Gateways, NoSettings, StartedGateway};
pub(crate) use registry::{KEY_RETENTION_DEFAULT, delete_operations, registered};

use async_trait::async_trait;
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use domain::Timestamp;
use domain::ids::ProviderKey;
use domain::money::{Currency, Money};
use domain::payment::VoidResult;
use sqlx::{PgConnection, PgPool};
use std::fmt::Debug;

/// A gateway with its connections, as the handler of the payments queue uses it.
#[async_trait]
pub trait PaymentGateway: Debug + Send + Sync + 'static {
    /// Reserves money on the payment method.
    async fn authorize(&self, request: Authorize) -> Outcome<Receipt>;

    /// Collects part of the authorized amount, or all of it.
    async fn capture(&self, request: Movement) -> Outcome<Receipt>;

    /// Cancels `authorization`: releases the amount that was not captured, and refunds the amount that was.
    async fn void(&self, authorization: ProviderKey) -> Outcome<Voided>;

    /// Returns part of the captured amount, or all of it.
    async fn refund(&self, request: Movement) -> Outcome<Receipt>;

    /// Renews what is left of the authorization before it expires: at most the amount, of which a part may be captured by
    /// now. Captures and refunds still name the first authorization. A gateway that can't renew declines.
    async fn reauthorize(&self, _request: Movement) -> Outcome<Receipt> {
        Outcome::declined("not_supported")
    }

    /// The result of the operation with this `key`: an authorization, its reauthorization, a capture or a refund.
    async fn look_up(&self, key: ProviderKey) -> LookUp;

    /// Its own report of what it captured and returned on a day of UTC, by the times that its receipts name.
    async fn settled(&self, _day: NaiveDate) -> SettlementReport {
        SettlementReport::None
    }
}

/// A gateway that can be registered: what is known of it before it is started, and how it is started.
pub trait RegisteredGateway: PaymentGateway + Sized {
    const INFO: GatewayInfo;

    /// Its section of the settings.
    type Settings: clap::Args;

    /// `None` if its settings are not set: then this installation does not use the gateway.
    fn start(settings: &Self::Settings, pool: &PgPool) -> Option<Self>;

    /// Deletes what it keeps in this database about the operations with these keys, whose orders are removed. A real
    /// gateway keeps its records itself, and is not called.
    fn delete_operations(
        _tx: &mut PgConnection,
        _keys: &[ProviderKey],
    ) -> impl Future<Output = sqlx::Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// What is known of a gateway without a connection to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayInfo {
    /// The name in settings, rows and metrics. It never changes, because rows name it.
    pub name: &'static str,
    pub methods: PaymentMethods,
    /// False if it only pretends, and charges nobody.
    pub is_real: bool,
    /// How long the gateway is certain to keep an idempotency key. A call that is repeated later could be executed
    /// twice, so after this time only an operator may repeat it.
    pub idempotency_key_retention: TimeDelta,
}

/// An authorization request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorize {
    pub key: ProviderKey,
    pub amount: Money,
    /// The payment method, as named in the order.
    pub method: String,
}

/// A request to capture, to refund or to reauthorize.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    pub key: ProviderKey,
    /// The key of the authorization that the amount belongs to.
    pub authorization: ProviderKey,
    pub amount: Money,
}

/// Proof of an executed operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The gateway's own id of the operation.
    pub reference: String,
    /// When it was executed, by the gateway's clock. `None` if the gateway does not say.
    pub executed_at: Option<Timestamp>,
}

/// A void that was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voided {
    pub found: VoidResult,
    /// As that of a [`Receipt`].
    pub executed_at: Option<Timestamp>,
}

/// A gateway's report of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementReport {
    /// The gateway makes none.
    None,
    /// It can't be read now.
    Unavailable(String),
    /// Only currencies in which something was captured or returned.
    Sums(Vec<SettledSums>),
}

/// What a gateway captured and returned in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledSums {
    pub currency: Currency,
    pub captured_minor: i64,
    /// By refunds and by voids.
    pub returned_minor: i64,
}

/// The outcome of an authorization, its reauthorization, a capture, void or refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    Succeeded(T),
    /// Refused for good.
    Declined {
        reason: String,
    },
    /// The operation may be executed or not.
    Unknown {
        why: String,
    },
}

/// The result of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    Done(Receipt),
    Declined {
        reason: String,
    },
    /// The gateway has executed nothing under this key. A call that is still in flight may yet arrive.
    Absent,
    Unknown {
        why: String,
    },
}

/// The first moment of the day, and that of the next one.
pub(crate) fn day_bounds(day: NaiveDate) -> (Timestamp, Timestamp) {
    let from = day.and_time(NaiveTime::MIN).and_utc();
    (from, from + TimeDelta::days(1))
}

impl<T> Outcome<T> {
    pub(crate) fn declined(reason: &str) -> Self {
        Self::Declined { reason: reason.to_owned() }
    }

    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }
}
