//! Does the work of a worker for one order, by direct calls to the handlers.

use crate::client::{ApiClient, HEADPHONES};
use async_trait::async_trait;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ShipmentId, UserId, WarehouseId};
use domain::messages::{
    BookShipments, InventoryCommand, Reply, ReserveLine, ReserveStock, ShipmentCommand, ShipmentRequest, StockRejected,
};
use domain::order::Recipient;
use domain::product::Line;
use domain::saga::TimeScale;
use inventory::Inventory;
use messaging::{
    Begun, Changes, Delivery, Handle, HandleWithProvider, Handled, Header, Trace, UnitOfWork, Verdict, WriteContext,
};
use orders::SagaHandler;
use shipping::carriers::manual::ManualCarrierArgs;
use shipping::carriers::simulated::{SimulatedCarrier, SimulatedCarrierArgs};
use shipping::carriers::{CarrierSettings, ChosenCarrier, RegisteredCarrier};
use shipping::{RecipientSource, Shipping, ShippingArgs, ShippingError};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

fn delivery<C>(order: OrderId, command: C, now: Timestamp) -> Delivery<C> {
    let trace = Trace { correlation_id: "test".into(), causation_id: None, traceparent: None };
    Delivery {
        header: Header { id: MessageId::derive(order, "fixture"), time: now, subject: order, trace },
        attempt: 0,
        command,
    }
}

async fn begin(client: &ApiClient) -> UnitOfWork {
    UnitOfWork::begin(&WriteContext::of(client.pool.clone())).await.expect("begun")
}

/// Commits what was handled; all messages must be done.
async fn commit<C: Changes<Error: Debug>>(work: UnitOfWork, handled: Handled<C>, now: Timestamp) {
    assert!(handled.verdicts.iter().all(|verdict| *verdict == Verdict::Done), "{:?}", handled.verdicts);
    work.commit(handled.changes, now).await.expect("committed");
}

/// Rejects the order, with the reply that there is no stock.
pub async fn reject(client: &ApiClient, order: &str) {
    let (order_id, now) = (order.parse().expect("an id"), platform::clock::now());
    let reply = Reply::StockRejected(StockRejected { order_id, shortages: Vec::new() });
    let mut work = begin(client).await;
    let saga = SagaHandler { time_scale: TimeScale::REAL };
    let handled = saga.handle(&mut work, &[delivery(order_id, reply, now)], now).await.expect("handled");
    commit(work, handled, now).await;
}

/// Reserves the stock of the order, which must have these lines.
pub async fn reserve(client: &ApiClient, order: &str, lines: &[(&str, i64)]) {
    let (order_id, now) = (order.parse().expect("an id"), platform::clock::now());
    let line = |(sku, quantity): &(&str, i64)| Line {
        sku: sku.parse().expect("a SKU"),
        quantity: (*quantity).try_into().expect("a quantity"),
    };
    handle_reserve(client, ReserveStock::new(order_id, lines.iter().map(line).collect()), now).await;
}

/// The same, with lines that may wait.
pub async fn reserve_or_wait(client: &ApiClient, order: &str, lines: &[(&str, i64)]) {
    let (order_id, now) = (order.parse().expect("an id"), platform::clock::now());
    let line = |(sku, quantity): &(&str, i64)| ReserveLine {
        sku: sku.parse().expect("a SKU"),
        quantity: (*quantity).try_into().expect("a quantity"),
        may_wait: true,
    };
    let lines = lines.iter().map(line).collect();
    handle_reserve(client, ReserveStock { lines, ..ReserveStock::new(order_id, Vec::new()) }, now).await;
}

async fn handle_reserve(client: &ApiClient, command: ReserveStock, now: Timestamp) {
    let batch = [delivery(command.order_id, InventoryCommand::Reserve(command), now)];
    let mut work = begin(client).await;
    let handled = Inventory::default().handle(&mut work, &batch, now).await;
    commit(work, handled.expect("handled"), now).await;
}

/// Books the shipment of the order's headphones with the simulated carrier. Returns the tracking number.
pub async fn book(client: &ApiClient, order: &str, warehouse_id: WarehouseId) -> String {
    book_with(SimulatedCarrier::NAME, client, order, warehouse_id).await
}

pub async fn book_with(carrier: &'static str, client: &ApiClient, order: &str, warehouse_id: WarehouseId) -> String {
    let (order_id, now): (OrderId, _) = (order.parse().expect("an id"), platform::clock::now());
    let lines = vec![Line { sku: HEADPHONES.parse().expect("a SKU"), quantity: 1_i64.try_into().expect("one") }];
    let vendor = sqlx::query_scalar("SELECT vendor_id FROM orders.items WHERE order_id = $1 AND line_no = 1")
        .bind(order_id.as_uuid())
        .fetch_one(&client.pool)
        .await
        .map(UserId::from_uuid)
        .expect("a line");
    let shipment_id = ShipmentId::of_vendor(order_id, warehouse_id, vendor);
    let request = ShipmentRequest { shipment_id, warehouse_id, vendor_id: Some(vendor), lines };
    let book = ShipmentCommand::Book(BookShipments { order_id, shipments: vec![request], has_recipient: false });
    let shipping = Shipping::start(&settings(carrier), Arc::new(NoRecipients)).expect("both carriers start by default");
    let batch = [delivery(order_id, book, now)];

    let mut work = begin(client).await;
    let Begun { mut calls, changes } = shipping.begin(&mut work, &batch, now).await.expect("begun");
    work.commit(changes, now).await.expect("committed");
    let results = vec![shipping.call(calls.pop().expect("a call")).await];
    let mut work = begin(client).await;
    let handled = shipping.settle(&mut work, &batch, results, now).await.expect("settled");
    commit(work, handled, now).await;

    let booked = shipping::shipments_of_order(&client.pool, order_id).await.expect("a list");
    booked[0].tracking_number.as_ref().expect("a number").to_string()
}

/// With the simulated carrier.
pub fn shipping() -> Shipping {
    Shipping::start(&settings(SimulatedCarrier::NAME), Arc::new(NoRecipients)).expect("it starts by default")
}

/// The orders of these tests are booked without a recipient.
#[derive(Debug)]
struct NoRecipients;

#[async_trait]
impl RecipientSource for NoRecipients {
    async fn find(
        &self,
        _connection: &mut PgConnection,
        _orders: &[OrderId],
    ) -> Result<HashMap<OrderId, Recipient>, ShippingError> {
        Ok(HashMap::new())
    }
}

fn settings(carrier: &'static str) -> ShippingArgs {
    let simulated = SimulatedCarrierArgs {
        carrier_latency_ms: 0,
        carrier_hand_over_ms: 20_000,
        carrier_in_transit_ms: 20_000,
        carrier_delivery_ms: 30_000,
    };
    let manual = ManualCarrierArgs { manual_carrier_delivery_hours: 168 };
    ShippingArgs {
        chosen: ChosenCarrier { carrier },
        carriers: CarrierSettings { simulated, manual },
        carrier_calls_max: 1,
        carrier_cancel_calls_max: 1,
    }
}
