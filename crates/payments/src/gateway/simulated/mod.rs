//! A simulated payment gateway for development and tests. It has its own ledger in Postgres, separate from the payments
//! of this slice, and its behaviour depends on the payment method's name. `orderctl verify` compares the two ledgers.

mod batch_worker;
mod ledger;
mod method;
mod settings;
mod store;

pub use settings::SimulatedGatewayArgs;

use super::{
    Authorize, GatewayInfo, LookUp, Movement, Outcome, PaymentGateway, PaymentMethods, Receipt, RegisteredGateway,
    SettlementReport, Voided,
};
use async_trait::async_trait;
use batch_worker::{GatewayCall, Request};
use chrono::{NaiveDate, TimeDelta};
use domain::ids::ProviderKey;
use ledger::GatewayResponse;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Cheap to clone. All clones share one ledger, and so do all processes on one database.
#[derive(Debug, Clone)]
pub struct SimulatedGateway {
    requests: mpsc::Sender<Request>,
    latency: Duration,
    pool: PgPool,
}

impl SimulatedGateway {
    async fn call(&self, call: GatewayCall) -> GatewayResponse {
        // Tokio rounds a sleep of zero up to a millisecond.
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let (reply_to, response) = oneshot::channel();
        let closed = || GatewayResponse::Unavailable("the gateway has stopped".to_owned());
        if self.requests.send(Request { call, reply_to }).await.is_err() {
            return closed();
        }
        match response.await.unwrap_or_else(|_| closed()) {
            GatewayResponse::NoResponse => std::future::pending().await,
            response => response,
        }
    }
}

impl RegisteredGateway for SimulatedGateway {
    const INFO: GatewayInfo = GatewayInfo {
        name: "simulated",
        methods: PaymentMethods::new(method::METHODS, Some(method::METHOD_DEFAULT)),
        // Its ledger keeps every key. Real gateways promise a day, and this one is a rehearsal for them.
        is_real: false,
        idempotency_key_retention: TimeDelta::hours(23),
    };

    type Settings = SimulatedGatewayArgs;

    /// Starts the batch worker, which keeps the ledger in the database of `pool`.
    fn start(settings: &SimulatedGatewayArgs, pool: &PgPool) -> Option<Self> {
        let requests = batch_worker::start(pool.clone());
        let pool = pool.clone();
        Some(Self { requests, pool, latency: Duration::from_millis(settings.sim_gateway_latency_ms) })
    }

    async fn delete_operations(tx: &mut PgConnection, keys: &[ProviderKey]) -> sqlx::Result<()> {
        store::delete(tx, keys).await
    }
}

#[async_trait]
impl PaymentGateway for SimulatedGateway {
    async fn authorize(&self, request: Authorize) -> Outcome<Receipt> {
        self.call(GatewayCall::Authorize(request)).await.receipt()
    }

    async fn capture(&self, request: Movement) -> Outcome<Receipt> {
        self.call(GatewayCall::Capture(request)).await.receipt()
    }

    async fn void(&self, authorization: ProviderKey) -> Outcome<Voided> {
        match self.call(GatewayCall::Void(authorization)).await {
            GatewayResponse::Voided(result) => Outcome::Succeeded(result),
            response => Outcome::unknown(response.failure()),
        }
    }

    async fn refund(&self, request: Movement) -> Outcome<Receipt> {
        self.call(GatewayCall::Refund(request)).await.receipt()
    }

    async fn reauthorize(&self, request: Movement) -> Outcome<Receipt> {
        self.call(GatewayCall::Reauthorize(request)).await.receipt()
    }

    async fn look_up(&self, key: ProviderKey) -> LookUp {
        match self.call(GatewayCall::LookUp(key)).await {
            GatewayResponse::Found(found) => found,
            response => LookUp::Unknown { why: response.failure() },
        }
    }

    async fn settled(&self, day: NaiveDate) -> SettlementReport {
        match store::settled(&self.pool, day).await {
            Ok(sums) => SettlementReport::Sums(sums),
            Err(error) => SettlementReport::Unavailable(error.to_string()),
        }
    }
}

impl GatewayResponse {
    fn receipt(self) -> Outcome<Receipt> {
        match self {
            Self::Receipt(outcome) => outcome,
            response => Outcome::unknown(response.failure()),
        }
    }

    /// Why this response does not fit the call.
    fn failure(self) -> String {
        match self {
            Self::Unavailable(why) => why,
            Self::Receipt(_) | Self::Voided(_) | Self::Found(_) | Self::NoResponse => {
                "the gateway's response does not fit the call".to_owned()
            }
        }
    }
}
