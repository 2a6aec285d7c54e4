//! Payments: owns schema `payments`. Hears authorize, capture, void, refund ([`PaymentCommand`]); says authorized,
//! declined, captured, voided, refunded. Knows no other slice.
//!
//! A gateway is asked between two transactions: [`begin`] stores what is about to be asked and under which key,
//! [`settle`] stores what came of it. A crash in between, or an answer that never came, leaves the operation `started`
//! or `unknown`; the next attempt looks it up before it asks again, under the same key.

mod begin;
mod bulkheads;
mod call;
mod error;
mod find_payment;
pub mod gateway;
mod methods;
mod reconcile;
mod settings;
mod settle;
mod store;

pub use call::{Answer, Ask, Call, Report, Work};
pub use error::PaymentsError;
pub use find_payment::{OperationView, PaymentView, find_payment};
pub use methods::PaymentMethods;
pub use reconcile::reconcile_payments;
pub use settings::{PaymentsArgs, ReconcileArgs};
pub use store::OperationStatus;

use bulkheads::Bulkheads;
use call::Line;
use domain::Timestamp;
use domain::messages::{PaymentCommand, Queue};
use gateway::PaymentGateway;
use messaging::{Bulkhead, Delivery, HandleError, HandleWithProvider, Handled};
use sqlx::PgConnection;
use std::time::Duration;

/// The slice, as its queue's consumer sees it.
#[derive(Debug)]
pub struct Payments<G> {
    line: Line<G>,
    bulkheads: Bulkheads,
}

impl<G: PaymentGateway> Payments<G> {
    pub fn new(gateway: G, args: &PaymentsArgs) -> Self {
        let call_timeout = Duration::from_millis(args.payment_call_timeout_ms);
        Self { line: Line::to(gateway, call_timeout), bulkheads: Bulkheads::of(args) }
    }
}

impl<G: PaymentGateway> HandleWithProvider for Payments<G> {
    type Command = PaymentCommand;
    type Call = Call;
    type Answer = Answer;
    const QUEUE: Queue = Queue::Payments;

    async fn begin(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<PaymentCommand>],
        now: Timestamp,
    ) -> Result<Vec<Call>, HandleError> {
        Ok(begin::begin(tx, batch, now).await?)
    }

    fn bulkhead(&self, command: &PaymentCommand) -> Bulkhead {
        self.bulkheads.of_command(command)
    }

    async fn call(&self, call: Call) -> Answer {
        self.line.make(call).await
    }

    async fn settle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<PaymentCommand>],
        answers: Vec<Answer>,
        now: Timestamp,
    ) -> Result<Handled, HandleError> {
        Ok(settle::settle(tx, batch, answers, now).await?)
    }
}
