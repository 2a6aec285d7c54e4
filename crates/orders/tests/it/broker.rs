//! Stands in for the broker and for the three slices: takes what the outbox holds, and hands over answers.

use crate::fixtures::{intake, now, order};
use domain::ids::{MessageId, OrderId, ShipmentId, WarehouseId};
use domain::messages::{
    Allocation, BookedShipment, InventoryCommand, Message, Parcel, PaymentAuthorized, PaymentCaptured, PaymentCommand,
    PaymentVoided, Reply, ShipmentCommand, ShipmentProgressed, ShipmentsBooked, ShipmentsCancelled, StockReleased,
    StockReserved, StockShipped,
};
use domain::product::Line;
use domain::saga::Pace;
use domain::shipment::ShipmentStatus;
use futures::future::join_all;
use messaging::{Delivery, Handle, Header, Trace, Verdict, outbox};
use orders::{IntakeLimits, SagaHandler};
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use std::collections::HashSet;
use uuid::Uuid;

pub const WAREHOUSE: WarehouseId = WarehouseId::from_uuid(Uuid::from_u128(21));

/// What the relay would have carried away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub id: Uuid,
    pub type_name: String,
    pub payload: String,
}

/// Orders whose first question is in the outbox.
pub async fn placed(pool: &PgPool, number: usize) -> Vec<OrderId> {
    let (intake, _lifecycle) = intake(pool, IntakeLimits::default());
    let answers = join_all((0..number).map(|number| intake.place(order(&format!("key-{number}"))))).await;
    answers.into_iter().map(|answer| answer.expect("accepted").order_id).collect()
}

/// One order that has heard so many happy answers: 1 reserved, 2 authorized, 3 booked.
pub async fn order_after(pool: &PgPool, answers: usize) -> OrderId {
    let order = placed(pool, 1).await[0];
    for _answer in 0..answers {
        let sent = take_outbox(pool).await;
        deliver(pool, happy_answers(&sent)).await;
    }
    order
}

pub async fn take_outbox(pool: &PgPool) -> Vec<Sent> {
    let taken = sqlx::query_as("DELETE FROM messaging.outbox RETURNING seq, message_id, type, payload");
    let mut taken: Vec<(i64, Uuid, String, String)> = taken.fetch_all(pool).await.expect("the outbox");
    taken.sort_unstable();
    taken.into_iter().map(|(_, id, type_name, payload)| Sent { id, type_name, payload }).collect()
}

pub async fn sent_types(pool: &PgPool) -> Vec<String> {
    take_outbox(pool).await.into_iter().map(|sent| sent.type_name).collect()
}

/// Hands `replies` to the saga: in one batch, or, as the consumer does, in as many as keep each order's apart.
pub async fn deliver(pool: &PgPool, replies: Vec<Reply>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut rest: Vec<_> = replies.into_iter().map(delivery).collect();
    while !rest.is_empty() {
        let mut seen = HashSet::new();
        let (batch, later): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|one: &Delivery<_>| seen.insert(one.header.subject));
        verdicts.extend(deliver_batch(pool, &batch).await);
        rest = later;
    }
    verdicts
}

pub async fn deliver_batch(pool: &PgPool, batch: &[Delivery<Reply>]) -> Vec<Verdict> {
    let mut tx = platform::postgres::begin(pool).await.expect("a transaction");
    let saga = SagaHandler { pace: Pace::REAL };
    let handled = saga.handle(&mut tx, batch, now()).await.expect("handled");
    let _left_behind =
        outbox::append(&mut tx, handled.outgoing.clone(), &messaging::Relay::default()).await.expect("appended");
    tx.commit().await.expect("committed");
    handled.verdicts
}

/// Every time with an id of its own, as if the question had been asked again.
pub fn delivery(reply: Reply) -> Delivery<Reply> {
    let subject = reply.order_id();
    let id = MessageId::from_uuid(Uuid::now_v7());
    let trace = Trace { correlation_id: "request".to_owned(), causation_id: None, traceparent: None };
    Delivery { header: Header { id, time: now(), subject, trace }, attempt: 0, command: reply }
}

/// What willing slices answer.
pub fn happy_answers(sent: &[Sent]) -> Vec<Reply> {
    sent.iter().filter_map(happy_answer).collect()
}

fn happy_answer(sent: &Sent) -> Option<Reply> {
    let (slice, _) = sent.type_name.split_once('.').expect("a type with a subject");
    match slice {
        "inventory" => Some(match command(sent) {
            InventoryCommand::Reserve(ask) => reserved(ask.order_id, ask.lines),
            InventoryCommand::Release(ask) => Reply::StockReleased(StockReleased { order_id: ask.order_id }),
            InventoryCommand::Ship(ask) => {
                Reply::StockShipped(StockShipped { order_id: ask.order_id, shipment_id: ask.shipment_id })
            }
        }),
        "payment" => Some(match command(sent) {
            PaymentCommand::Authorize(ask) => {
                Reply::PaymentAuthorized(PaymentAuthorized { order_id: ask.order_id, amount: ask.amount })
            }
            PaymentCommand::Void(ask) => Reply::PaymentVoided(PaymentVoided { order_id: ask.order_id, refunded: None }),
            PaymentCommand::Capture(ask) => Reply::PaymentCaptured(PaymentCaptured {
                order_id: ask.order_id,
                shipment_id: ask.shipment_id,
                amount: ask.amount,
            }),
            PaymentCommand::Refund(ask) => panic!("nobody asked for {ask:?}"),
        }),
        "shipment" => Some(match command(sent) {
            ShipmentCommand::Book(ask) => booked(ask.order_id, &ask.parcels),
            ShipmentCommand::Cancel(ask) => Reply::ShipmentsCancelled(ShipmentsCancelled { order_id: ask.order_id }),
            ShipmentCommand::Track(ask) => progressed(ask.order_id, ShipmentStatus::Delivered),
        }),
        "order" => None,
        other => panic!("nobody is called {other}"),
    }
}

fn command<M: Message + DeserializeOwned>(sent: &Sent) -> M {
    serde_json::from_str(&sent.payload).expect("a command")
}

fn reserved(order_id: OrderId, lines: Vec<Line>) -> Reply {
    let allocation = |line: Line| Allocation { warehouse_id: WAREHOUSE, sku: line.sku, quantity: line.quantity };
    Reply::StockReserved(StockReserved { order_id, allocations: lines.into_iter().map(allocation).collect() })
}

fn booked(order_id: OrderId, parcels: &[Parcel]) -> Reply {
    let shipment = |parcel: &Parcel| BookedShipment {
        shipment_id: parcel.shipment_id,
        warehouse_id: parcel.warehouse_id,
        carrier: "simulated".to_owned(),
        tracking_number: format!("SIM-{}", parcel.shipment_id),
        promised_by: now(),
    };
    Reply::ShipmentsBooked(ShipmentsBooked { order_id, shipments: parcels.iter().map(shipment).collect() })
}

pub fn progressed(order_id: OrderId, status: ShipmentStatus) -> Reply {
    let shipment_id = ShipmentId::of(order_id, WAREHOUSE);
    Reply::ShipmentProgressed(ShipmentProgressed { order_id, shipment_id, status, occurred_at: now() })
}

pub async fn status(pool: &PgPool, order: OrderId) -> String {
    sqlx::query_scalar("SELECT status FROM orders.orders WHERE id = $1")
        .bind(order.as_uuid())
        .fetch_one(pool)
        .await
        .expect("the order")
}

/// The kinds of an order's timeline.
pub async fn timeline(pool: &PgPool, order: OrderId) -> Vec<String> {
    sqlx::query_scalar("SELECT kind FROM orders.events WHERE order_id = $1 ORDER BY version")
        .bind(order.as_uuid())
        .fetch_all(pool)
        .await
        .expect("the timeline")
}
