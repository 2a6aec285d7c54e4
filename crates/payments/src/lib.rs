//! Payments: owns schema `payments`. Consumes the commands authorize, capture, void and refund ([`PaymentCommand`]).
//! Replies with authorized, declined, captured, voided and refunded. Depends on no other slice.
//!
//! The gateway is called between two transactions: [`begin`] stores which call is about to be made and under which key,
//! [`settle`] stores its outcome. A crash in between leaves the operation `started`, a lost response leaves it
//! `unknown`. The next attempt looks the operation up before it repeats the call under the same key.

mod begin;
mod bulkheads;
mod call;
mod changes;
mod error;
mod find_payment;
pub mod gateway;
mod methods;
mod reconcile;
mod settings;
mod settle;
mod store;

pub use call::{Call, CallResult, KeyedOperation, OperationRequest, Report};
pub use error::PaymentsError;
pub use find_payment::{OperationView, PaymentView, find_payment};
pub use methods::PaymentMethods;
pub use reconcile::reconcile_payments;
pub use settings::{PaymentsArgs, ReconcileArgs};
pub use store::OperationStatus;

use bulkheads::Bulkheads;
use call::MeteredGateway;
use changes::PaymentChanges;
use domain::Timestamp;
use domain::messages::{PaymentCommand, Queue};
use gateway::PaymentGateway;
use messaging::{Begun, Bulkhead, Delivery, HandleError, HandleWithProvider, Handled};
use sqlx::PgConnection;
use std::time::Duration;

/// The handler of the payments queue.
#[derive(Debug)]
pub struct Payments<G> {
    gateway: MeteredGateway<G>,
    bulkheads: Bulkheads,
}

impl<G: PaymentGateway> Payments<G> {
    pub fn new(gateway: G, args: &PaymentsArgs) -> Self {
        let call_timeout = Duration::from_millis(args.payment_call_timeout_ms);
        Self { gateway: MeteredGateway::new(gateway, call_timeout), bulkheads: Bulkheads::of(args) }
    }
}

impl<G: PaymentGateway> HandleWithProvider for Payments<G> {
    type Command = PaymentCommand;
    type Call = Call;
    type Answer = CallResult;
    type Changes = PaymentChanges;
    const QUEUE: Queue = Queue::Payments;

    async fn begin(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<PaymentCommand>],
        now: Timestamp,
    ) -> Result<Begun<Call, PaymentChanges>, HandleError> {
        Ok(begin::begin(tx, batch, now).await?)
    }

    fn bulkhead(&self, command: &PaymentCommand) -> Bulkhead {
        self.bulkheads.of_command(command)
    }

    async fn call(&self, call: Call) -> CallResult {
        self.gateway.execute(call).await
    }

    async fn settle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<PaymentCommand>],
        answers: Vec<CallResult>,
        now: Timestamp,
    ) -> Result<Handled<PaymentChanges>, HandleError> {
        Ok(settle::settle(tx, batch, answers, now).await?)
    }
}
