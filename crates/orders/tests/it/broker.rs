//! Replaces the broker and the other slices: drains the outbox, and delivers replies to the saga.

use crate::fixtures::{HER_VENDOR, intake, now, order};
use domain::ids::{MessageId, OrderId, ShipmentId, WarehouseId};
use domain::messages::{
    Allocation, AmendShipment, BookedShipment, InventoryCommand, Message, PaymentAuthorized, PaymentCaptured,
    PaymentCommand, PaymentReauthorized, PaymentVoided, PaymentWrittenOff, ReauthorizePayment, Reply,
    ReservationReduced, ReserveLine, ShipmentAmended, ShipmentCommand, ShipmentProgressed, ShipmentRequest,
    ShipmentsBooked, ShipmentsCancelled, StockReleased, StockReserved, StockShipped,
};
use domain::saga::TimeScale;
use domain::shipment::ShipmentStatus;
use futures::future::join_all;
use messaging::{Delivery, Handle, Header, Trace, UnitOfWork, Verdict, WriteContext};
use orders::{IntakeLimits, SagaHandler};
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use std::collections::HashSet;
use uuid::Uuid;

pub const WAREHOUSE: WarehouseId = WarehouseId::from_uuid(Uuid::from_u128(21));

/// A message that the relay would have published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub id: Uuid,
    pub type_name: String,
    pub payload: String,
}

/// Placed orders, with their first command in the outbox.
pub async fn placed(pool: &PgPool, number: usize) -> Vec<OrderId> {
    let (intake, _lifecycle) = intake(pool, IntakeLimits::default());
    let results = join_all((0..number).map(|number| intake.place(order(&format!("key-{number}"))))).await;
    results.into_iter().map(|result| result.expect("accepted").order_id).collect()
}

/// An order after this number of success replies: 1 reserved, 2 authorized, 3 booked.
pub async fn order_after(pool: &PgPool, replies: usize) -> OrderId {
    let order = placed(pool, 1).await[0];
    for _reply in 0..replies {
        let sent = drain_outbox(pool).await;
        deliver(pool, success_replies(&sent)).await;
    }
    order
}

pub async fn drain_outbox(pool: &PgPool) -> Vec<Sent> {
    let deleted = sqlx::query_as("DELETE FROM messaging.outbox RETURNING seq, message_id, type, payload");
    let mut rows: Vec<(i64, Uuid, String, String)> = deleted.fetch_all(pool).await.expect("the outbox");
    rows.sort_unstable();
    rows.into_iter().map(|(_, id, type_name, payload)| Sent { id, type_name, payload }).collect()
}

pub async fn sent_types(pool: &PgPool) -> Vec<String> {
    drain_outbox(pool).await.into_iter().map(|sent| sent.type_name).collect()
}

/// Delivers `replies` to the saga in batches with at most one reply per order, as the consumer does.
pub async fn deliver(pool: &PgPool, replies: Vec<Reply>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut rest: Vec<_> = replies.into_iter().map(delivery).collect();
    while !rest.is_empty() {
        let mut seen = HashSet::new();
        let (batch, later): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|delivery: &Delivery<_>| seen.insert(delivery.header.subject));
        verdicts.extend(deliver_batch(pool, &batch).await);
        rest = later;
    }
    verdicts
}

pub async fn deliver_batch(pool: &PgPool, batch: &[Delivery<Reply>]) -> Vec<Verdict> {
    let mut work = UnitOfWork::begin(&WriteContext::of(pool.clone())).await.expect("a transaction");
    let saga = SagaHandler { time_scale: TimeScale::REAL };
    let handled = saga.handle(&mut work, batch, now()).await.expect("handled");
    work.send(handled.outgoing);
    work.commit(handled.changes, now()).await.expect("committed");
    handled.verdicts
}

/// Each delivery has an id of its own, as after a retried command.
pub fn delivery(reply: Reply) -> Delivery<Reply> {
    let subject = reply.order_id();
    let id = MessageId::from_uuid(Uuid::now_v7());
    let trace = Trace { correlation_id: "request".to_owned(), causation_id: None, traceparent: None };
    Delivery { header: Header { id, time: now(), subject, trace }, attempt: 0, command: reply }
}

/// The replies of the slices to `sent` when every command succeeds.
pub fn success_replies(sent: &[Sent]) -> Vec<Reply> {
    sent.iter().filter_map(success_reply).collect()
}

fn success_reply(sent: &Sent) -> Option<Reply> {
    let (slice, _) = sent.type_name.split_once('.').expect("a type with a subject");
    match slice {
        "inventory" => Some(match parse_command(sent) {
            InventoryCommand::Reserve(command) => reserved(command.order_id, command.lines),
            InventoryCommand::Release(command) => Reply::StockReleased(StockReleased { order_id: command.order_id }),
            InventoryCommand::Ship(command) => {
                Reply::StockShipped(StockShipped { order_id: command.order_id, shipment_id: command.shipment_id })
            }
            InventoryCommand::Reduce(command) => Reply::ReservationReduced(ReservationReduced {
                order_id: command.order_id,
                shipment_id: command.shipment_id,
            }),
            command @ InventoryCommand::Restock(_) => panic!("unexpected command {command:?}"),
        }),
        "payment" => Some(match parse_command(sent) {
            PaymentCommand::Authorize(command) => {
                Reply::PaymentAuthorized(PaymentAuthorized { order_id: command.order_id, amount: command.amount })
            }
            PaymentCommand::Void(command) => {
                Reply::PaymentVoided(PaymentVoided { order_id: command.order_id, refunded: None })
            }
            PaymentCommand::Capture(command) => Reply::PaymentCaptured(PaymentCaptured {
                order_id: command.order_id,
                shipment_id: command.shipment_id,
                amount: command.amount,
            }),
            command @ (PaymentCommand::Refund(_) | PaymentCommand::RefundLines(_)) => {
                panic!("unexpected command {command:?}")
            }
            PaymentCommand::Reauthorize(ReauthorizePayment { order_id, attempt }) => {
                Reply::PaymentReauthorized(PaymentReauthorized { order_id, attempt })
            }
            PaymentCommand::WriteOff(command) => Reply::PaymentWrittenOff(PaymentWrittenOff {
                order_id: command.order_id,
                shipment_id: command.shipment_id,
                amount: command.amount,
            }),
        }),
        "shipment" => Some(match parse_command(sent) {
            ShipmentCommand::Book(command) => booked(command.order_id, &command.shipments),
            ShipmentCommand::Cancel(command) => {
                Reply::ShipmentsCancelled(ShipmentsCancelled { order_id: command.order_id })
            }
            ShipmentCommand::Amend(AmendShipment { order_id, shipment_id, amendment, replacement }) => {
                let replacement = replacement.as_ref().map(booked_shipment);
                Reply::ShipmentAmended(ShipmentAmended { order_id, shipment_id, amendment, replacement })
            }
            ShipmentCommand::Track(command) => progressed(command.order_id, ShipmentStatus::Delivered),
        }),
        "order" => None,
        other => panic!("unexpected type {other}"),
    }
}

fn parse_command<M: Message + DeserializeOwned>(sent: &Sent) -> M {
    serde_json::from_str(&sent.payload).expect("a command")
}

fn reserved(order_id: OrderId, lines: Vec<ReserveLine>) -> Reply {
    let allocation = |line: ReserveLine| Allocation { warehouse_id: WAREHOUSE, sku: line.sku, quantity: line.quantity };
    Reply::StockReserved(StockReserved { order_id, allocations: lines.into_iter().map(allocation).collect() })
}

fn booked(order_id: OrderId, requests: &[ShipmentRequest]) -> Reply {
    Reply::ShipmentsBooked(ShipmentsBooked { order_id, shipments: requests.iter().map(booked_shipment).collect() })
}

fn booked_shipment(request: &ShipmentRequest) -> BookedShipment {
    BookedShipment {
        shipment_id: request.shipment_id,
        warehouse_id: request.warehouse_id,
        carrier: "simulated".to_owned(),
        tracking_number: format!("SIM-{}", request.shipment_id),
        promised_by: now(),
    }
}

pub fn progressed(order_id: OrderId, status: ShipmentStatus) -> Reply {
    let shipment_id = ShipmentId::of_vendor(order_id, WAREHOUSE, HER_VENDOR);
    let report =
        ShipmentProgressed { order_id, shipment_id, status, occurred_at: now(), transport: None, is_cancelled: false };
    Reply::ShipmentProgressed(report)
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
