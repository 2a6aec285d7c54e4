//! Each column holds the value of its name. No two values of one type are equal, so two swapped columns are found.

use super::{external_refs, insert_orders, lock_sagas, metadata, recipients, save_changes};
use crate::idempotency_key::Fingerprint;
use crate::new_order::NewOrder;
use crate::order_change::OrderChange;
use crate::placement::Placement;
use domain::Timestamp;
use domain::ids::{MessageId, PrincipalId, UserId};
use domain::inventory::AllocationPolicy;
use domain::money::{AmountMinor, Money};
use domain::order::order_request::{OrderLines, OrderRequest};
use domain::order::pricing::PricedLine;
use domain::order::{
    Adjustments, Contact, FulfilmentStatus, Order, OrderDetails, OrderNumber, OrderPaymentStatus, OrderStatus,
    Recipient, ShipTo, TimelineEntry, TimelineEvent,
};
use domain::product::Line;
use domain::saga::{OrderSaga, TimeScale};
use messaging::Trace;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

const CUSTOMER: Uuid = Uuid::from_u128(1);
const VENDOR: Uuid = Uuid::from_u128(2);
const CAUSE: Uuid = Uuid::from_u128(3);
const PRINCIPAL: Uuid = Uuid::from_u128(4);

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn new_order() -> NewOrder {
    let (sku, quantity) = ("THE-SKU".parse().expect("a SKU"), 3_i64.try_into().expect("a quantity"));
    let price = |minor| Money::new(minor, "USD".parse().expect("a currency")).expect("an amount");
    let line = Line { sku, quantity };
    let request = OrderRequest {
        currency: None,
        lines: OrderLines::parse(vec![line.clone()]).expect("lines"),
        payment_method: "the_method".parse().expect("a method"),
        note: Some("the note".parse().expect("a note")),
        details: details(),
        adjustments: Adjustments::default(),
        allocation_policy: Some(AllocationPolicy::Priority),
    };
    let Line { sku, quantity } = line;
    let name = "the name".to_owned();
    NewOrder {
        customer_id: UserId::from_uuid(CUSTOMER),
        principal: PrincipalId::from_uuid(PRINCIPAL),
        route: "the route",
        key: "the-key".parse().expect("a key"),
        fingerprint: Fingerprint::of(&request),
        lines: vec![PricedLine {
            sku,
            name,
            vendor_id: UserId::from_uuid(VENDOR),
            quantity,
            unit_price: price(5),
            tax_minor: amount(4),
            discount_minor: amount(2),
            may_wait: true,
        }],
        shipping_minor: amount(6),
        total: price(23),
        payment_method: request.payment_method.clone(),
        note: request.note,
        details: request.details,
        allocation_policy: request.allocation_policy,
        trace: Trace {
            correlation_id: "the correlation".to_owned(),
            causation_id: None,
            traceparent: Some("the traceparent".to_owned()),
        },
    }
}

fn details() -> OrderDetails {
    let ship_to = ShipTo {
        name: "the name".parse().expect("a text"),
        company: Some("the company".parse().expect("a text")),
        line1: "the line1".parse().expect("a text"),
        line2: Some("the line2".parse().expect("a text")),
        city: "the city".parse().expect("a text"),
        region: Some("the region".parse().expect("a text")),
        postal_code: Some("the postal code".parse().expect("a text")),
        country: "DE".parse().expect("a country"),
    };
    let (email, phone) = ("the@email.example".parse().expect("it"), "+15551234567".parse().expect("a phone"));
    let contact = Contact::new(Some(email), Some(phone)).expect("a contact");
    OrderDetails {
        recipient: Recipient { ship_to: Some(ship_to), contact: Some(contact) },
        external_ref: Some("the reference".parse().expect("a reference")),
        metadata: [("the-key".parse().expect("a key"), "the value".parse().expect("a value"))].into(),
        exchange_of: None,
    }
}

fn amount(minor: i64) -> AmountMinor {
    minor.try_into().expect("an amount")
}

/// Inserts one order, and returns it as it was inserted.
async fn inserted(tx: &mut PgConnection) -> Placement {
    let placement = Placement::of(new_order(), TimeScale::default(), time("2026-11-23T12:00:00Z"));
    let now = time("2026-11-23T13:00:00Z");
    let stored = insert_orders::insert(tx, &[&placement], time("2026-11-23T11:00:00Z"), now).await.expect("inserted");
    assert!(stored.contains_key(&placement.order.id) && stored.len() == 1);
    recipients::insert(tx, &[&placement], now).await.expect("inserted");
    metadata::insert(tx, &[&placement]).await.expect("inserted");
    placement
}

/// Checks that the only row that `select` finds has `columns`.
async fn assert_row(tx: &mut PgConnection, select: &'static str, columns: Value) {
    let row: Value = sqlx::query_scalar(select).fetch_one(tx).await.expect(select);
    for (column, value) in columns.as_object().expect("columns") {
        assert_eq!(&row[column], value, "{column}: {select}");
    }
}

fn state(saga: &OrderSaga) -> Value {
    serde_json::from_str(&saga.to_json()).expect("JSON")
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_a_new_order_holds_the_value_of_its_name(pool: PgPool) {
    let mut tx = platform::postgres::writer(&pool).await.expect("a connection");
    let placement = inserted(&mut tx).await;

    let (id, at) = (placement.order.id.as_uuid(), "2026-11-23T13:00:00+00:00");
    let key =
        json!({ "order_id": id, "principal": PRINCIPAL, "route": "the route", "key": "the-key", "created_at": at });
    let order = json!({ "id": id, "customer_id": CUSTOMER, "currency": "USD", "total_minor": 23, "order_number": 1,
                        "external_ref": "the reference", "shipping_minor": 6, "has_recipient": true,
                        "allocation_policy": "priority",
                        "payment_method": "the_method", "note": "the note", "status": "pending",
                        "payment_status": "unpaid", "fulfilment_status": "unallocated", "version": 1,
                        "created_at": at, "updated_at": at });
    let event = json!({ "order_id": id, "version": 1, "kind": "accepted", "to_status": "pending",
                        "actor": format!("customer:{CUSTOMER}"), "at": at });
    let item = json!({ "order_id": id, "line_no": 1, "sku": "THE-SKU", "name": "the name", "vendor_id": VENDOR,
                       "quantity": 3, "unit_price_minor": 5, "tax_minor": 4, "discount_minor": 2 });
    let saga = json!({ "order_id": id, "plan_version": placement.saga.plan_version().number(),
                       "state": state(&placement.saga), "phase": "running", "step": "reserve_stock",
                       "deadline_at": placement.deadline_at.to_rfc3339(), "correlation_id": "the correlation",
                       "traceparent": "the traceparent", "active": true, "updated_at": at });
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.idempotency_keys AS row", key).await;
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.orders AS row", order).await;
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.events AS row", event).await;
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.items AS row", item).await;
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.sagas AS row", saga).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_a_recipient_and_of_metadata_holds_the_value_of_its_name(pool: PgPool) {
    let mut tx = platform::postgres::writer(&pool).await.expect("a connection");
    let id = inserted(&mut tx).await.order.id;

    let recipient = json!({ "order_id": id, "name": "the name", "company": "the company", "line1": "the line1",
                            "line2": "the line2", "city": "the city", "region": "the region",
                            "postal_code": "the postal code", "country": "DE", "email": "the@email.example",
                            "phone": "+15551234567", "created_at": "2026-11-23T13:00:00+00:00" });
    let entry = json!({ "order_id": id, "customer_id": CUSTOMER, "key": "the-key", "value": "the value" });
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.recipients AS row", recipient).await;
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.metadata AS row", entry).await;
    let found = recipients::find(&mut tx, &[id]).await.expect("found");
    assert_eq!(found.get(&id), Some(&details().recipient));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_locked_order_has_what_its_reserve_command_had(pool: PgPool) {
    let mut tx = platform::postgres::writer(&pool).await.expect("a connection");
    let placed = inserted(&mut tx).await;
    let ids = [placed.order.id.as_uuid()];

    let (_id, locked) = lock_sagas::lock(&mut tx, &ids).await.expect("locked").remove(0);
    let locked = locked.expect("it can be read");

    assert_eq!(locked.order, placed.order);
    let ship_to = details().recipient.ship_to.expect("an address");
    assert_eq!(locked.order.destination, Some(ship_to.location()));
    assert_eq!(locked.saga.open_command(&locked.order), placed.saga.open_command(&placed.order));
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_holder_of_a_reference_is_found_for_its_customer_only(pool: PgPool) {
    let mut tx = platform::postgres::writer(&pool).await.expect("a connection");
    let first = inserted(&mut tx).await;
    let second = Placement::of(new_order(), TimeScale::default(), time("2026-11-23T12:00:00Z"));
    let mut other = second.new_order.clone();
    other.customer_id = UserId::from_uuid(VENDOR);
    let other = Placement::of(other, TimeScale::default(), time("2026-11-23T12:00:00Z"));

    let holders = external_refs::find_holders(&mut tx, &[&other, &second]).await.expect("found");

    assert_eq!(holders.len(), 1);
    assert_eq!(holders[&1].order_id, first.order.id);
    assert_eq!(holders[&1].order_number, OrderNumber::from_sequence(1).expect("a number"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_a_changed_order_holds_the_value_of_its_name(pool: PgPool) {
    let mut tx = platform::postgres::writer(&pool).await.expect("a connection");
    let id = inserted(&mut tx).await.order.id;
    let (_id, locked) = lock_sagas::lock(&mut tx, &[id.as_uuid()]).await.expect("locked").remove(0);
    let locked = locked.expect("it can be read");
    let order = Order {
        status: OrderStatus::Cancelling,
        payment: OrderPaymentStatus::Voided,
        fulfilment: FulfilmentStatus::Released,
        reason: Some("the reason".to_owned()),
        attention: Some("the attention".to_owned()),
        version: 2,
        ..locked.order
    };
    let entry = TimelineEntry::PaymentDeclined { reason: "the detail".to_owned() };
    let event = TimelineEvent { version: 2, entry, from: Some(OrderStatus::Pending), to: OrderStatus::Cancelling };
    let change = OrderChange {
        order,
        version_before: 1,
        saga: locked.saga,
        deadline_at: time("2026-11-23T14:00:00Z"),
        events: vec![event],
        cause: Some(MessageId::from_uuid(CAUSE)),
        actor: Some("the actor".to_owned()),
    };
    save_changes::save(&mut tx, std::slice::from_ref(&change), time("2026-11-23T15:00:00Z")).await.expect("saved");

    let at = "2026-11-23T15:00:00+00:00";
    let order = json!({ "id": id, "status": "cancelling", "payment_status": "voided", "fulfilment_status": "released",
                        "reason": "the reason", "attention": "the attention", "status_group": 66,
                        "changed_on": "2026-11-23", "version": 2, "updated_at": at });
    let event = json!({ "order_id": id, "version": 2, "kind": "payment_declined", "from_status": "pending",
                        "to_status": "cancelling", "detail": { "reason": "the detail" }, "cause": CAUSE,
                        "actor": "the actor", "at": at });
    let saga = json!({ "order_id": id, "state": state(&change.saga), "phase": "running", "step": "reserve_stock",
                       "active": true, "deadline_at": "2026-11-23T14:00:00+00:00", "updated_at": at });
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.orders AS row", order).await;
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.events AS row WHERE version = 2", event).await;
    assert_row(&mut tx, "SELECT to_jsonb(row) FROM orders.sagas AS row", saga).await;
}
