//! A payment gateway of ours, for those who rehearse: a real one, with books of its own beside our payments, steered
//! by the name of the payment method. Its books are what `orderctl verify` holds ours against.

mod batch_worker;
mod ledger;
mod method;
mod store;

pub use method::{METHOD_DEFAULT, METHODS};

use super::{Authorize, LookUp, Movement, Outcome, PaymentGateway, Receipt};
use crate::PaymentsArgs;
use batch_worker::{Request, Work};
use books::Said;
use domain::ids::ProviderKey;
use domain::payment::Reversal;
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Cheap to clone; all clones share one set of books, and so do all processes on one database.
#[derive(Debug, Clone)]
pub struct SimulatedGateway {
    requests: mpsc::Sender<Request>,
    latency: Duration,
}

impl SimulatedGateway {
    /// Opens for business, with its books in `pool`.
    pub fn start(pool: PgPool, args: &PaymentsArgs) -> Self {
        let requests = batch_worker::start(pool);
        Self { requests, latency: Duration::from_millis(args.sim_gateway_latency_ms) }
    }

    async fn ask(&self, work: Work) -> Said {
        // A sleep of nothing lasts a millisecond.
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let (answer, said) = oneshot::channel();
        let closed = || Said::Unavailable("the gateway is closed".to_owned());
        if self.requests.send(Request { work, answer }).await.is_err() {
            return closed();
        }
        match said.await.unwrap_or_else(|_| closed()) {
            Said::Silence => std::future::pending().await,
            said => said,
        }
    }
}

impl PaymentGateway for SimulatedGateway {
    const NAME: &'static str = "simulated";

    async fn authorize(&self, ask: Authorize) -> Outcome<Receipt> {
        self.ask(Work::Authorize(ask)).await.receipt()
    }

    async fn capture(&self, ask: Movement) -> Outcome<Receipt> {
        self.ask(Work::Capture(ask)).await.receipt()
    }

    async fn void(&self, authorization: ProviderKey) -> Outcome<Reversal> {
        match self.ask(Work::Void(authorization)).await {
            Said::Reversal(reversal) => Outcome::Answered(reversal),
            said => Outcome::unknown(said.failure()),
        }
    }

    async fn refund(&self, ask: Movement) -> Outcome<Receipt> {
        self.ask(Work::Refund(ask)).await.receipt()
    }

    async fn look_up(&self, key: ProviderKey) -> LookUp {
        match self.ask(Work::LookUp(key)).await {
            Said::Found(found) => found,
            said => LookUp::Unknown { why: said.failure() },
        }
    }
}

impl Said {
    fn receipt(self) -> Outcome<Receipt> {
        match self {
            Self::Receipt(outcome) => outcome,
            said => Outcome::unknown(said.failure()),
        }
    }

    /// Why it is no answer to what was asked.
    fn failure(self) -> String {
        match self {
            Self::Unavailable(why) => why,
            Self::Receipt(_) | Self::Reversal(_) | Self::Found(_) | Self::Silence => {
                "the gateway answered another question".to_owned()
            }
        }
    }
}
