//! Test harness: passes batches to the slice as the consumer does (begin, commit, call, settle, outbox, commit).

use crate::fake_carrier::{FakeCarrier, tracking_number};
use async_trait::async_trait;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ShipmentId, UserId, WarehouseId};
use domain::messages::{BookShipments, CancelShipments, Reply, ShipmentCommand, ShipmentRequest, TrackShipments};
use domain::order::{Contact, Recipient};
use domain::product::Line;
use domain::shipment::{CarrierReport, ShipmentStatus};
use messaging::{Begun, Delivery, HandleWithProvider, Handled, Header, Trace, UnitOfWork, Verdict, WriteContext};
use platform::audit::NoAudit;
use shipping::carriers::manual::{ManualCarrier, ManualCarrierArgs};
use shipping::carriers::simulated::{SimulatedCarrier, SimulatedCarrierArgs};
use shipping::carriers::{CarrierSettings, Carriers, ChosenCarrier, RegisteredCarrier};
use shipping::{
    CarrierCall, CarrierEvent, CarrierEventError, CarrierResult, RecipientSource, Recorded, Shipping, ShippingArgs,
    ShippingError,
};
use sqlx::{PgConnection, PgPool};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

pub struct Harness {
    pub pool: PgPool,
    pub carrier: FakeCarrier,
    shipping: Shipping,
}

pub type Batch = Vec<Delivery<ShipmentCommand>>;

impl Harness {
    pub fn new(pool: PgPool) -> Self {
        Self::with_name(pool, "fake")
    }

    /// With a carrier whose shipments are moved like those of the simulated carrier, because they have its name.
    pub fn with_moves(pool: PgPool) -> Self {
        Self::with_name(pool, SimulatedCarrier::NAME)
    }

    pub fn with_name(pool: PgPool, name: &'static str) -> Self {
        let carrier = FakeCarrier::default();
        Self { pool, shipping: Shipping::new(&Carriers::of(name, carrier.clone()), recipients(), &args()), carrier }
    }

    /// With carrier `manual` for new bookings.
    pub fn with_manual_carrier(pool: PgPool) -> Self {
        let chosen = ChosenCarrier { carrier: ManualCarrier::NAME };
        let shipping = Shipping::start(&ShippingArgs { chosen, ..args() }, recipients()).unwrap();
        Self { pool, shipping, carrier: FakeCarrier::default() }
    }

    /// A carrier for new bookings, and another one that is still in use.
    pub fn with_two(pool: PgPool, name: &'static str, other: (&'static str, FakeCarrier)) -> Self {
        let carrier = FakeCarrier::default();
        let carriers = Carriers::of(name, carrier.clone()).and(other.0, other.1);
        Self { pool, shipping: Shipping::new(&carriers, recipients(), &args()), carrier }
    }

    pub fn context(&self) -> WriteContext {
        WriteContext::of(self.pool.clone())
    }

    pub async fn begin(&self, batch: &Batch, now: Timestamp) -> Vec<CarrierCall> {
        let mut work = UnitOfWork::begin(&self.context()).await.unwrap();
        let Begun { calls, changes } = self.shipping.begin(&mut work, batch, now).await.unwrap();
        work.commit(changes, now).await.unwrap();
        calls
    }

    pub async fn call(&self, calls: Vec<CarrierCall>) -> Vec<CarrierResult> {
        futures::future::join_all(calls.into_iter().map(|call| self.shipping.call(call))).await
    }

    pub async fn settle(&self, batch: &Batch, results: Vec<CarrierResult>, now: Timestamp) -> Handled<()> {
        let mut work = UnitOfWork::begin(&self.context()).await.unwrap();
        let handled = self.shipping.settle(&mut work, batch, results, now).await.unwrap();
        work.send(handled.outgoing.clone());
        work.commit(handled.changes, now).await.unwrap();
        Handled { verdicts: handled.verdicts, changes: (), outgoing: handled.outgoing }
    }

    pub async fn handle_batch(&self, batch: &Batch) -> Handled<()> {
        let calls = self.begin(batch, at(0)).await;
        let results = self.call(calls).await;
        self.settle(batch, results, at(0)).await
    }

    pub async fn handle(&self, command: ShipmentCommand) -> Handled<()> {
        self.handle_batch(&vec![delivery(command, 1)]).await
    }

    pub async fn report(
        &self,
        shipment: ShipmentId,
        status: impl Into<CarrierReport>,
        second: i64,
    ) -> Result<Recorded, CarrierEventError> {
        let event = CarrierEvent {
            shipment: tracking_number(shipment).into(),
            status: status.into(),
            occurred_at: at(second),
            source: "carrier:fake".to_owned(),
            note: None,
        };
        shipping::record_carrier_event(&self.context(), event, at(second), &NoAudit).await
    }

    pub async fn booking_status(&self, order: OrderId) -> String {
        sqlx::query_scalar("SELECT status FROM shipping.bookings WHERE order_id = $1")
            .bind(order.as_uuid())
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// The shipments' statuses, sorted by warehouse number.
    pub async fn statuses(&self, order: OrderId) -> Vec<ShipmentStatus> {
        let mut views = shipping::shipments_of_order(&self.pool, order).await.unwrap();
        views.sort_by_key(|view| view.warehouse_id);
        views.iter().map(|view| view.status).collect()
    }

    /// Deletes the messages in the outbox and returns them.
    pub async fn drain_outbox(&self) -> Vec<Reply> {
        let payloads: Vec<String> =
            sqlx::query_scalar("DELETE FROM messaging.outbox RETURNING payload").fetch_all(&self.pool).await.unwrap();
        payloads.iter().map(|payload| serde_json::from_str(payload).unwrap()).collect()
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

/// Every order has the same recipient.
#[derive(Debug)]
struct OneRecipient;

#[async_trait]
impl RecipientSource for OneRecipient {
    async fn find(
        &self,
        _connection: &mut PgConnection,
        orders: &[OrderId],
    ) -> Result<HashMap<OrderId, Recipient>, ShippingError> {
        Ok(orders.iter().map(|order| (*order, recipient())).collect())
    }
}

fn recipients() -> Arc<dyn RecipientSource> {
    Arc::new(OneRecipient)
}

pub fn recipient() -> Recipient {
    let phone = Some("+15551234567".parse().unwrap());
    Recipient { ship_to: None, contact: Contact::new(None, phone).ok() }
}

pub fn args() -> ShippingArgs {
    ShippingArgs {
        chosen: ChosenCarrier { carrier: SimulatedCarrier::NAME },
        carriers: CarrierSettings { simulated: simulated_args(), manual: manual_args() },
        carrier_calls_max: 64,
        carrier_cancel_calls_max: 64,
    }
}

pub fn manual_args() -> ManualCarrierArgs {
    ManualCarrierArgs { manual_carrier_delivery_hours: 168 }
}

pub fn simulated_args() -> SimulatedCarrierArgs {
    SimulatedCarrierArgs {
        carrier_latency_ms: 0,
        carrier_hand_over_ms: 20_000,
        carrier_in_transit_ms: 20_000,
        carrier_delivery_ms: 30_000,
    }
}

/// Runs the scheduled task. Returns the number of moved shipments.
pub async fn move_due(pool: &PgPool, second: i64, limit: u32) -> usize {
    shipping::advance_shipments(&args().carriers, &WriteContext::of(pool.clone()), at(second), limit).await.unwrap()
}

/// The time `second` seconds after the start of the test.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

pub fn new_order() -> OrderId {
    OrderId::from_uuid(Uuid::now_v7())
}

pub fn warehouse(number: u128) -> WarehouseId {
    WarehouseId::from_uuid(Uuid::from_u128(number))
}

pub fn shipment(order: OrderId, number: u128) -> ShipmentId {
    ShipmentId::of(order, warehouse(number))
}

/// A book command with one shipment per warehouse.
pub fn book(order_id: OrderId, warehouses: &[u128]) -> ShipmentCommand {
    let lines = vec![Line { sku: "SKU-HEADPHONES".parse().unwrap(), quantity: 2_u32.try_into().unwrap() }];
    let request = |number: &u128| ShipmentRequest {
        shipment_id: shipment(order_id, *number),
        warehouse_id: warehouse(*number),
        vendor_id: None,
        lines: lines.clone(),
    };
    ShipmentCommand::Book(BookShipments {
        order_id,
        shipments: warehouses.iter().map(request).collect(),
        has_recipient: false,
    })
}

/// A book command for an order with a recipient.
pub fn book_for_recipient(order_id: OrderId, warehouses: &[u128]) -> ShipmentCommand {
    match book(order_id, warehouses) {
        ShipmentCommand::Book(book) => ShipmentCommand::Book(BookShipments { has_recipient: true, ..book }),
        other => other,
    }
}

pub fn vendors_shipment(order: OrderId, vendor: UserId) -> ShipmentId {
    ShipmentId::of_vendor(order, warehouse(1), vendor)
}

/// A book command with one shipment per vendor, all from one warehouse.
pub fn book_of(order_id: OrderId, vendors: &[UserId]) -> ShipmentCommand {
    let lines = vec![Line { sku: "SKU-HEADPHONES".parse().unwrap(), quantity: 2_u32.try_into().unwrap() }];
    let request = |vendor: &UserId| ShipmentRequest {
        shipment_id: vendors_shipment(order_id, *vendor),
        warehouse_id: warehouse(1),
        vendor_id: Some(*vendor),
        lines: lines.clone(),
    };
    let shipments = vendors.iter().map(request).collect();
    ShipmentCommand::Book(BookShipments { order_id, shipments, has_recipient: false })
}

pub fn cancel(order_id: OrderId) -> ShipmentCommand {
    ShipmentCommand::Cancel(CancelShipments { order_id })
}

pub fn track(order_id: OrderId) -> ShipmentCommand {
    ShipmentCommand::Track(TrackShipments { order_id })
}

pub fn delivery(command: ShipmentCommand, generation: u32) -> Delivery<ShipmentCommand> {
    use domain::messages::Message;
    let order = match &command {
        ShipmentCommand::Book(book) => book.order_id,
        ShipmentCommand::Cancel(cancel) => cancel.order_id,
        ShipmentCommand::Amend(amend) => amend.order_id,
        ShipmentCommand::Track(track) => track.order_id,
    };
    let id = MessageId::derive(order, &format!("{}/{generation}", command.type_name()));
    let trace = Trace { correlation_id: "request-1".to_owned(), causation_id: None, traceparent: None };
    Delivery { header: Header { id, time: at(0), subject: order, trace }, attempt: 0, command }
}

pub fn replies(handled: &Handled<()>) -> Vec<Reply> {
    handled.outgoing.iter().map(|outgoing| serde_json::from_str(&outgoing.payload).unwrap()).collect()
}

/// The reply to a batch of one message. Asserts that its verdict is `Done`.
pub fn reply_of(handled: &Handled<()>) -> Reply {
    assert_eq!(handled.verdicts, [Verdict::Done]);
    let [reply] = <[Reply; 1]>::try_from(replies(handled)).expect("one reply");
    reply
}

pub fn is_retry(handled: &Handled<()>) -> bool {
    matches!(handled.verdicts[..], [Verdict::Retry(_)]) && handled.outgoing.is_empty()
}
