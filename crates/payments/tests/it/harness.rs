//! Passes batches to the slice as the consumer does: begin, commit, call, settle, commit.

use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ShipmentId, WarehouseId};
use domain::messages::{
    AuthorizePayment, CapturePayment, Message, PaymentAuthorized, PaymentCaptureDeclined, PaymentCaptured,
    PaymentCommand, PaymentDeclined, PaymentRefundRefused, PaymentRefunded, PaymentVoided, ReauthorizePayment,
    RefundPayment, Reply, VoidPayment, WriteOffPayment,
};
use domain::money::Money;
use messaging::{Begun, Delivery, HandleWithProvider, Header, Trace, UnitOfWork, Verdict, WriteContext};
use payments::gateway::simulated::{SimulatedGateway, SimulatedGatewayArgs};
use payments::gateway::{
    ChosenGateway, GatewayInfo, GatewaySettings, Gateways, PaymentGateway, PaymentMethods, RegisteredGateway,
};
use payments::{Call, CallResult, PaymentView, Payments, PaymentsArgs, find_payment};
use sqlx::PgPool;
use uuid::Uuid;

pub const AMOUNT: i64 = 1_000;
/// Number of attempts before the retry ladder dead-letters a message.
const ATTEMPTS_MAX: u32 = 8;

pub const AT_ONCE: SimulatedGatewayArgs = SimulatedGatewayArgs { sim_gateway_latency_ms: 0 };

/// The timeout is far longer than a call needs here, so that a busy machine causes no unknown outcomes.
pub const LONG_TIMEOUT: PaymentsArgs = PaymentsArgs {
    payment_call_timeout_ms: 20_000,
    payment_calls_max: 256,
    payment_method_calls_max: 256,
    payment_customer_calls_max: 256,
    payment_follow_up_calls_max: 256,
    chosen: ChosenGateway { payment_gateway: SimulatedGateway::INFO },
    gateways: GatewaySettings { simulated: AT_ONCE },
};
/// For tests with a gateway that never responds.
pub const SHORT_TIMEOUT: PaymentsArgs = PaymentsArgs { payment_call_timeout_ms: 300, ..LONG_TIMEOUT };

pub struct Harness {
    pub pool: PgPool,
    pub payments: Payments,
}

/// A command that is handled in single steps.
pub struct SteppedCommand {
    pub delivery: Delivery<PaymentCommand>,
    call: Option<Call>,
    result: Option<CallResult>,
    pub outcome: Option<Result<Reply, Verdict>>,
}

impl Harness {
    pub fn new(pool: &PgPool, args: &PaymentsArgs) -> Self {
        Self { pool: pool.clone(), payments: Payments::start(args, pool).expect("the simulated gateway is registered") }
    }

    pub fn with_gateway(pool: &PgPool, gateway: impl PaymentGateway) -> Self {
        let methods = PaymentMethods::new(&["card"], None);
        let info = GatewayInfo { name: "fake", methods, ..SimulatedGateway::INFO };
        Self { pool: pool.clone(), payments: Payments::new(Gateways::of(info, gateway), &LONG_TIMEOUT) }
    }

    pub async fn begin(&self, batch: &[Delivery<PaymentCommand>], now: Timestamp) -> Vec<Call> {
        let mut work = UnitOfWork::begin(&WriteContext::of(self.pool.clone())).await.expect("a database");
        let Begun { calls, changes } = self.payments.begin(&mut work, batch, now).await.expect("begun");
        work.commit(changes, now).await.expect("committed");
        calls
    }

    pub async fn call(&self, calls: Vec<Call>) -> Vec<CallResult> {
        futures::future::join_all(calls.into_iter().map(|call| self.payments.call(call))).await
    }

    /// The reply to each message, or the verdict of one without reply.
    pub async fn settle(
        &self,
        batch: &[Delivery<PaymentCommand>],
        results: Vec<CallResult>,
    ) -> Vec<Result<Reply, Verdict>> {
        let mut work = UnitOfWork::begin(&WriteContext::of(self.pool.clone())).await.expect("a database");
        let now = platform::clock::now();
        let handled = self.payments.settle(&mut work, batch, results, now).await.expect("settled");
        work.commit(handled.changes, now).await.expect("committed");
        assert_eq!(handled.verdicts.len(), batch.len());
        let mut replies = handled.outgoing.iter().map(|reply| serde_json::from_str(&reply.payload).expect("a reply"));
        let outcomes = handled.verdicts.into_iter().map(|verdict| match verdict {
            Verdict::Done => Ok(replies.next().expect("a message that is done has a reply")),
            verdict @ (Verdict::Retry(_) | Verdict::Defer(_) | Verdict::Poison(_)) => Err(verdict),
        });
        let outcomes = outcomes.collect();
        assert!(replies.next().is_none(), "one reply per message");
        outcomes
    }

    pub async fn handle_at(&self, commands: &[PaymentCommand], now: Timestamp) -> Vec<Result<Reply, Verdict>> {
        let batch: Vec<_> = commands.iter().map(deliver).collect();
        let calls = self.begin(&batch, now).await;
        let results = self.call(calls).await;
        self.settle(&batch, results).await
    }

    pub async fn handle(&self, command: &PaymentCommand) -> Result<Reply, Verdict> {
        let mut outcomes = self.handle_at(std::slice::from_ref(command), platform::clock::now()).await;
        outcomes.pop().expect("one outcome per command")
    }

    /// Handles the command until it gets its reply, as the retry ladder does.
    pub async fn handle_until_reply(&self, command: &PaymentCommand) -> Reply {
        self.handle_until_final(command).await.unwrap_or_else(|verdict| panic!("{command:?} ends with {verdict:?}"))
    }

    /// Handles the command until it gets its reply or is poison.
    pub async fn handle_until_final(&self, command: &PaymentCommand) -> Result<Reply, Verdict> {
        for _ in 0..ATTEMPTS_MAX {
            match self.handle(command).await {
                Err(Verdict::Retry(_)) => {}
                outcome => return outcome,
            }
        }
        panic!("{command:?} has no reply after {ATTEMPTS_MAX} attempts")
    }

    pub async fn payment(&self, order: OrderId) -> PaymentView {
        find_payment(&self.pool, order).await.expect("a database").expect("the order has a payment")
    }

    /// Runs the next of the steps begin, call and settle.
    pub async fn step(&self, stepped: &mut SteppedCommand) {
        let batch = std::slice::from_ref(&stepped.delivery);
        if let Some(result) = stepped.result.take() {
            stepped.outcome = self.settle(batch, vec![result]).await.pop();
        } else if let Some(call) = stepped.call.take() {
            stepped.result = self.call(vec![call]).await.pop();
        } else {
            stepped.call = self.begin(batch, platform::clock::now()).await.pop();
        }
    }
}

impl SteppedCommand {
    pub fn of(command: &PaymentCommand) -> Self {
        Self { delivery: deliver(command), call: None, result: None, outcome: None }
    }
}

/// A message with `command`. Each call makes a new message.
pub fn deliver(command: &PaymentCommand) -> Delivery<PaymentCommand> {
    let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
    let id = MessageId::from_uuid(Uuid::now_v7());
    let header = Header { id, time: platform::clock::now(), subject: command.order_id(), trace };
    Delivery { header, attempt: 0, command: command.clone() }
}

pub fn new_order() -> OrderId {
    OrderId::from_uuid(Uuid::now_v7())
}

pub fn usd(amount_minor: i64) -> Money {
    Money::new(amount_minor, "USD".parse().expect("a currency")).expect("an amount")
}

pub fn shipment(order: OrderId, number: u128) -> ShipmentId {
    ShipmentId::of(order, WarehouseId::from_uuid(Uuid::from_u128(number)))
}

pub fn authorize(order_id: OrderId, method: &str) -> PaymentCommand {
    PaymentCommand::Authorize(AuthorizePayment {
        order_id,
        amount: usd(AMOUNT),
        method: method.to_owned(),
        customer_id: None,
    })
}

pub fn capture(order_id: OrderId, number: u128, amount_minor: i64) -> PaymentCommand {
    let shipment_id = shipment(order_id, number);
    PaymentCommand::Capture(CapturePayment { order_id, shipment_id, amount: usd(amount_minor), attempt: 1 })
}

/// The same capture again, after a decline.
pub fn capture_again(order_id: OrderId, number: u128, amount_minor: i64) -> PaymentCommand {
    let shipment_id = shipment(order_id, number);
    PaymentCommand::Capture(CapturePayment { order_id, shipment_id, amount: usd(amount_minor), attempt: 2 })
}

pub fn void(order_id: OrderId) -> PaymentCommand {
    PaymentCommand::Void(VoidPayment { order_id })
}

pub fn refund(order_id: OrderId, cause: &str, amount_minor: i64) -> PaymentCommand {
    PaymentCommand::Refund(RefundPayment { order_id, cause: cause.to_owned(), amount: usd(amount_minor) })
}

pub fn write_off(order_id: OrderId, number: u128, amount_minor: i64) -> PaymentCommand {
    let (shipment_id, amount) = (shipment(order_id, number), usd(amount_minor));
    PaymentCommand::WriteOff(WriteOffPayment { order_id, shipment_id, amount, attempt: 1 })
}

pub fn reauthorize(order_id: OrderId, attempt: u32) -> PaymentCommand {
    PaymentCommand::Reauthorize(ReauthorizePayment { order_id, attempt })
}

pub fn authorized(order_id: OrderId) -> Reply {
    Reply::PaymentAuthorized(PaymentAuthorized { order_id, amount: usd(AMOUNT) })
}

pub fn declined(order_id: OrderId, reason: &str) -> Reply {
    Reply::PaymentDeclined(PaymentDeclined { order_id, reason: reason.to_owned() })
}

pub fn captured(order_id: OrderId, number: u128, amount_minor: i64) -> Reply {
    let shipment_id = shipment(order_id, number);
    Reply::PaymentCaptured(PaymentCaptured { order_id, shipment_id, amount: usd(amount_minor) })
}

pub fn voided(order_id: OrderId, refunded: Option<i64>) -> Reply {
    Reply::PaymentVoided(PaymentVoided { order_id, refunded: refunded.map(usd) })
}

pub fn refunded(order_id: OrderId, cause: &str, amount_minor: i64) -> Reply {
    Reply::PaymentRefunded(PaymentRefunded { order_id, cause: cause.to_owned(), amount: usd(amount_minor) })
}

pub fn capture_declined(order_id: OrderId, number: u128, amount_minor: i64) -> Reply {
    let (shipment_id, amount, reason) = (shipment(order_id, number), usd(amount_minor), "expired".to_owned());
    Reply::PaymentCaptureDeclined(PaymentCaptureDeclined { order_id, shipment_id, amount, attempt: 1, reason })
}

pub fn refund_refused(order_id: OrderId, cause: &str, amount_minor: i64) -> Reply {
    let (cause, amount, reason) = (cause.to_owned(), usd(amount_minor), "expired".to_owned());
    Reply::PaymentRefundRefused(PaymentRefundRefused { order_id, cause, amount, reason, is_acknowledged: false })
}
