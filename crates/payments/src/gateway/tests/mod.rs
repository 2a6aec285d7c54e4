//! Several gateways in one process: the setting chooses one for new payments, and rows keep theirs.

mod files;

use crate::store::OperationStatus;
use crate::{PaymentView, Payments, PaymentsArgs, find_payment};
use clap::Parser;
use domain::ids::{MessageId, OrderId, ShipmentId, WarehouseId};
use domain::messages::{AuthorizePayment, CapturePayment, Message, PaymentCommand, VoidPayment};
use domain::money::Money;
use messaging::{Begun, Delivery, HandleWithProvider, Header, Trace, UnitOfWork, Verdict, WriteContext};
use sqlx::PgPool;
use uuid::Uuid;

const WITH_KEY: &str = "--third-gateway-key=secret";
const THIRD: &[&str] = &["--payment-gateway=third", WITH_KEY];
const SIMULATED: &[&str] = &["--payment-gateway=simulated", WITH_KEY];

#[derive(Debug, clap::Parser)]
struct Arguments {
    #[command(flatten)]
    payments: PaymentsArgs,
}

#[sqlx::test(migrations = "../../migrations")]
async fn new_payments_go_to_the_gateway_that_the_setting_names(pool: PgPool) {
    let order = new_order();

    assert_eq!(handle(&pool, THIRD, &authorize(order, "third_card")).await, Verdict::Done);

    let payment = payment(&pool, order).await;
    assert_eq!((payment.gateway.as_str(), payment.method.as_deref()), ("third", Some("third_card")));
    assert!(payment.operations[0].provider_ref.as_deref().is_some_and(|reference| reference.starts_with("third_")));
    assert_eq!(operation_gateways(&pool, order).await, ["third"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payment_stays_with_its_gateway_when_the_setting_changes(pool: PgPool) {
    let order = new_order();
    handle(&pool, SIMULATED, &authorize(order, "sim_ok")).await;

    assert_eq!(handle(&pool, THIRD, &capture(order)).await, Verdict::Done);
    assert_eq!(handle(&pool, THIRD, &void(order)).await, Verdict::Done);

    assert_eq!(operation_gateways(&pool, order).await, ["simulated"; 3]);
    assert_eq!(charged_by_simulator(&pool).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_was_accepted_before_the_setting_changed_is_paid_with_its_method(pool: PgPool) {
    let order = new_order();

    assert_eq!(handle(&pool, THIRD, &authorize(order, "sim_ok")).await, Verdict::Done);

    assert_eq!(payment(&pool, order).await.gateway, "simulated");
    assert_eq!(charged_by_simulator(&pool).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payment_whose_gateway_is_not_there_is_retried_and_says_why(pool: PgPool) {
    let order = new_order();
    handle(&pool, SIMULATED, &authorize(order, "sim_ok")).await;
    sqlx::query("UPDATE payments.payments SET gateway = 'gone'").execute(&pool).await.expect("changed");

    for command in [capture(order), void(order)] {
        let verdict = handle(&pool, SIMULATED, &command).await;
        assert!(matches!(&verdict, Verdict::Retry(why) if why.contains("no gateway `gone`")), "{verdict:?}");
    }

    let unknown = payment(&pool, order).await.operations.into_iter().skip(1);
    assert!(unknown.into_iter().all(|operation| operation.status == OperationStatus::Unknown));
}

#[tokio::test]
async fn the_chosen_gateway_must_exist_and_have_its_settings() {
    let unknown = Arguments::try_parse_from(["test", "--payment-gateway=fourth"]).expect_err("unknown").to_string();
    assert!(unknown.contains("there is no such gateway; there are: simulated, third"), "{unknown}");

    let arguments = Arguments::try_parse_from(["test", "--payment-gateway=third"]).expect("it is known").payments;
    let pool = PgPool::connect_lazy("postgres://nowhere/nothing").expect("a URL");
    let error = Payments::start(&arguments, &pool).expect_err("without a key").to_string();
    assert_eq!(error, "PAYMENT_GATEWAY is `third`, but the settings of this gateway are missing");
}

/// Handles the command in a process with these settings, as the consumer does: begin, commit, call, settle, commit.
async fn handle(pool: &PgPool, settings: &[&str], command: &PaymentCommand) -> Verdict {
    let arguments = Arguments::try_parse_from(["test"].iter().chain(settings)).expect("good settings").payments;
    let payments = Payments::start(&arguments, pool).expect("started");
    let (batch, now) = ([deliver(command)], platform::clock::now());
    let context = WriteContext::of(pool.clone());
    let mut work = UnitOfWork::begin(&context).await.expect("a database");
    let Begun { mut calls, changes } = payments.begin(&mut work, &batch, now).await.expect("begun");
    work.commit(changes, now).await.expect("committed");
    let answer = payments.call(calls.pop().expect("a call")).await;
    let mut work = UnitOfWork::begin(&context).await.expect("a database");
    let mut handled = payments.settle(&mut work, &batch, vec![answer], now).await.expect("settled");
    work.commit(handled.changes, now).await.expect("committed");
    handled.verdicts.pop().expect("a verdict")
}

fn deliver(command: &PaymentCommand) -> Delivery<PaymentCommand> {
    let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
    let header = Header {
        id: MessageId::from_uuid(Uuid::now_v7()),
        time: platform::clock::now(),
        subject: command.order_id(),
        trace,
    };
    Delivery { header, attempt: 0, command: command.clone() }
}

fn new_order() -> OrderId {
    OrderId::from_uuid(Uuid::now_v7())
}

fn usd(amount_minor: i64) -> Money {
    Money::new(amount_minor, "USD".parse().expect("a currency")).expect("an amount")
}

fn authorize(order_id: OrderId, method: &str) -> PaymentCommand {
    PaymentCommand::Authorize(AuthorizePayment {
        order_id,
        amount: usd(1_000),
        method: method.to_owned(),
        customer_id: None,
    })
}

fn capture(order_id: OrderId) -> PaymentCommand {
    let shipment_id = ShipmentId::of(order_id, WarehouseId::from_uuid(Uuid::from_u128(1)));
    PaymentCommand::Capture(CapturePayment { order_id, shipment_id, amount: usd(600), attempt: 1 })
}

fn void(order_id: OrderId) -> PaymentCommand {
    PaymentCommand::Void(VoidPayment { order_id })
}

async fn payment(pool: &PgPool, order: OrderId) -> PaymentView {
    find_payment(pool, order).await.expect("a database").expect("the order has a payment")
}

async fn operation_gateways(pool: &PgPool, order: OrderId) -> Vec<String> {
    let query = sqlx::query_scalar("SELECT gateway FROM payments.operations WHERE order_id = $1");
    query.bind(order.as_uuid()).fetch_all(pool).await.expect("rows")
}

async fn charged_by_simulator(pool: &PgPool) -> i64 {
    let charges = "SELECT coalesce(sum(charges), 0)::bigint FROM payments.simulated_gateway_authorizations";
    sqlx::query_scalar(charges).fetch_one(pool).await.expect("a ledger")
}
