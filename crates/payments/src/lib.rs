//! Payments: owns schema `payments`. Consumes the commands authorize, reauthorize, capture, write off, void, refund and
//! refund of lines ([`PaymentCommand`]). Replies with what was done, and with what the gateway declined or refused.
//! Depends on no other slice.
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
mod ledger;
mod list_ledger;
mod reconcile;
mod refunds;
mod remove_orders;
mod settings;
mod settle;
mod settlement;
mod store;
mod summarize_settlements;

pub use call::{Call, CallResult, KeyedOperation, OperationRequest, Report};
pub use error::{PaymentsError, SettlementError};
pub use find_payment::{OperationView, PaymentView, find_payment};
pub use gateway::{ChosenGateway, PaymentMethods};
pub use ledger::{
    InvalidLedgerRange, LEDGER_RANGE_MAX, LedgerCursor, LedgerEntryView, LedgerFilter, LedgerRange, LedgerSummary,
};
pub use list_ledger::{list_ledger, read_ledger, summarize_ledger};
pub use reconcile::reconcile_payments;
pub use refunds::{
    RefundError, RefundRequest, ResolveRefund, RetryRefund, find_refunds, list_refunds, preview_refund, preview_return,
    request_refund, resolve_refund, retry_refund,
};
pub use remove_orders::{open_orders, remove_orders};
pub use settings::{PaymentsArgs, ReconcileArgs};
pub use settlement::{MovedSums, Settlement, SettlementStatus};
pub use store::{OperationStatus, Refund, RefundCursor, SettlementCursor};
pub use summarize_settlements::{list_settlements, summarize_settlements};

use bulkheads::Bulkheads;
use call::MeteredGateways;
use changes::PaymentChanges;
use domain::Timestamp;
use domain::messages::{PaymentCommand, Queue};
use gateway::{Gateways, NoSettings};
use messaging::{Begun, Bulkhead, Delivery, HandleError, HandleWithProvider, Handled};
use sqlx::{PgConnection, PgPool};
use std::time::Duration;

/// The handler of the payments queue.
#[derive(Debug)]
pub struct Payments {
    gateways: Gateways,
    calls: MeteredGateways,
    bulkheads: Bulkheads,
}

impl Payments {
    /// With the gateways that the settings name.
    pub fn start(args: &PaymentsArgs, pool: &PgPool) -> Result<Self, NoSettings> {
        Ok(Self::new(Gateways::start(&args.chosen, &args.gateways, pool)?, args))
    }

    pub fn new(gateways: Gateways, args: &PaymentsArgs) -> Self {
        let call_timeout = Duration::from_millis(args.payment_call_timeout_ms);
        let calls = MeteredGateways::new(&gateways, call_timeout);
        Self { gateways, calls, bulkheads: Bulkheads::of(args) }
    }
}

impl HandleWithProvider for Payments {
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
        Ok(begin::begin(tx, &self.gateways, batch, now).await?)
    }

    fn bulkhead(&self, command: &PaymentCommand) -> Bulkhead {
        self.bulkheads.of_command(command)
    }

    async fn call(&self, call: Call) -> CallResult {
        self.calls.execute(call).await
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
