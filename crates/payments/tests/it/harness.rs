//! Hands the slice its batches as the consumer does: begin, commit, call, settle, commit.

use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ShipmentId, WarehouseId};
use domain::messages::{
    AuthorizePayment, CapturePayment, PaymentAuthorized, PaymentCaptured, PaymentCommand, PaymentDeclined,
    PaymentRefunded, PaymentVoided, RefundPayment, Reply, VoidPayment,
};
use domain::money::Money;
use messaging::{Delivery, HandleWithProvider, Header, Trace, Verdict};
use payments::gateway::PaymentGateway;
use payments::gateway::simulated::SimulatedGateway;
use payments::{Answer, Call, PaymentView, Payments, PaymentsArgs, find_payment};
use sqlx::PgPool;
use uuid::Uuid;

pub const AMOUNT: i64 = 1_000;
/// How often the retry ladder tries before it gives up.
const ATTEMPTS_MAX: u32 = 8;

/// Far above what a call takes here, so that a busy machine makes no unknown outcomes.
pub const PATIENT: PaymentsArgs = PaymentsArgs {
    payment_call_timeout_ms: 20_000,
    payment_calls_max: 256,
    payment_method_calls_max: 256,
    payment_follow_up_calls_max: 256,
    sim_gateway_latency_ms: 0,
};
/// For who waits for a gateway that never answers.
pub const HASTY: PaymentsArgs = PaymentsArgs { payment_call_timeout_ms: 300, ..PATIENT };

pub struct Desk<G> {
    pub pool: PgPool,
    pub payments: Payments<G>,
}

/// A command on its way through the slice.
pub struct Journey {
    pub delivery: Delivery<PaymentCommand>,
    call: Option<Call>,
    answer: Option<Answer>,
    pub end: Option<Result<Reply, Verdict>>,
}

impl Desk<SimulatedGateway> {
    pub fn open(pool: &PgPool, args: &PaymentsArgs) -> Self {
        Self::with(pool, SimulatedGateway::start(pool.clone(), args), args)
    }
}

impl<G: PaymentGateway> Desk<G> {
    pub fn with(pool: &PgPool, gateway: G, args: &PaymentsArgs) -> Self {
        Self { pool: pool.clone(), payments: Payments::new(gateway, args) }
    }

    pub async fn begin(&self, batch: &[Delivery<PaymentCommand>], now: Timestamp) -> Vec<Call> {
        let mut tx = platform::postgres::begin(&self.pool).await.expect("a database");
        let calls = self.payments.begin(&mut tx, batch, now).await.expect("begun");
        tx.commit().await.expect("committed");
        calls
    }

    pub async fn call(&self, calls: Vec<Call>) -> Vec<Answer> {
        futures::future::join_all(calls.into_iter().map(|call| self.payments.call(call))).await
    }

    /// What each message is answered, or why not.
    pub async fn settle(
        &self,
        batch: &[Delivery<PaymentCommand>],
        answers: Vec<Answer>,
    ) -> Vec<Result<Reply, Verdict>> {
        let mut tx = platform::postgres::begin(&self.pool).await.expect("a database");
        let handled = self.payments.settle(&mut tx, batch, answers, platform::clock::now()).await.expect("settled");
        tx.commit().await.expect("committed");
        assert_eq!(handled.verdicts.len(), batch.len());
        let mut replies = handled.outgoing.iter().map(|said| serde_json::from_str(&said.payload).expect("a reply"));
        let ends = handled.verdicts.into_iter().map(|verdict| match verdict {
            Verdict::Done => Ok(replies.next().expect("whoever is done has answered")),
            verdict @ (Verdict::Retry(_) | Verdict::Defer(_) | Verdict::Poison(_)) => Err(verdict),
        });
        let ends = ends.collect();
        assert!(replies.next().is_none(), "one answer a message");
        ends
    }

    pub async fn handle_at(&self, commands: &[PaymentCommand], now: Timestamp) -> Vec<Result<Reply, Verdict>> {
        let batch: Vec<_> = commands.iter().map(deliver).collect();
        let calls = self.begin(&batch, now).await;
        let answers = self.call(calls).await;
        self.settle(&batch, answers).await
    }

    pub async fn handle(&self, command: &PaymentCommand) -> Result<Reply, Verdict> {
        let mut ends = self.handle_at(std::slice::from_ref(command), platform::clock::now()).await;
        ends.pop().expect("one end a command")
    }

    /// Handles the command until it is answered, as the retry ladder does.
    pub async fn insist(&self, command: &PaymentCommand) -> Reply {
        self.end(command).await.unwrap_or_else(|verdict| panic!("{command:?} ends in {verdict:?}"))
    }

    /// Handles the command until it is answered or poison.
    pub async fn end(&self, command: &PaymentCommand) -> Result<Reply, Verdict> {
        for _ in 0..ATTEMPTS_MAX {
            match self.handle(command).await {
                Err(Verdict::Retry(_)) => {}
                end => return end,
            }
        }
        panic!("{command:?} is not answered in {ATTEMPTS_MAX} attempts")
    }

    pub async fn payment(&self, order: OrderId) -> PaymentView {
        find_payment(&self.pool, order).await.expect("a database").expect("the order has a payment")
    }

    /// The next of begin, call, settle.
    pub async fn step(&self, journey: &mut Journey) {
        let batch = std::slice::from_ref(&journey.delivery);
        if let Some(answer) = journey.answer.take() {
            journey.end = self.settle(batch, vec![answer]).await.pop();
        } else if let Some(call) = journey.call.take() {
            journey.answer = self.call(vec![call]).await.pop();
        } else {
            journey.call = self.begin(batch, platform::clock::now()).await.pop();
        }
    }
}

impl Journey {
    pub fn of(command: &PaymentCommand) -> Self {
        Self { delivery: deliver(command), call: None, answer: None, end: None }
    }
}

/// A message that asks for `command`; each time a new one.
pub fn deliver(command: &PaymentCommand) -> Delivery<PaymentCommand> {
    let subject = match command {
        PaymentCommand::Authorize(ask) => ask.order_id,
        PaymentCommand::Capture(ask) => ask.order_id,
        PaymentCommand::Void(ask) => ask.order_id,
        PaymentCommand::Refund(ask) => ask.order_id,
    };
    let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
    let id = MessageId::from_uuid(Uuid::now_v7());
    let header = Header { id, time: platform::clock::now(), subject, trace };
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
    PaymentCommand::Authorize(AuthorizePayment { order_id, amount: usd(AMOUNT), method: method.to_owned() })
}

pub fn capture(order_id: OrderId, number: u128, amount_minor: i64) -> PaymentCommand {
    let shipment_id = shipment(order_id, number);
    PaymentCommand::Capture(CapturePayment { order_id, shipment_id, amount: usd(amount_minor) })
}

pub fn void(order_id: OrderId) -> PaymentCommand {
    PaymentCommand::Void(VoidPayment { order_id })
}

pub fn refund(order_id: OrderId, cause: &str, amount_minor: i64) -> PaymentCommand {
    PaymentCommand::Refund(RefundPayment { order_id, cause: cause.to_owned(), amount: usd(amount_minor) })
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
