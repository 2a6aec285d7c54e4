//! The address and the contact of an order are in one table, and nowhere else: not in messages, logs or failed jobs.
//! The country and a region's code are the exception: they are in the command that reserves stock.

use domain::ids::{OrderId, ShipmentId, WarehouseId};
use domain::messages::{BookShipments, Queue, ShipmentCommand, ShipmentRequest};
use domain::product::Line;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::time::Duration;
use system_tests::message_recorder::MessageRecorder;
use system_tests::{NewOrder, SeedProduct, TestSystem};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(2);
/// A part of each text of the recipient.
const SECRET: &str = "quetzal";
const LOG_FILTER: &str = "debug,lapin=info,sqlx=info,hyper=info";

fn recipient() -> Value {
    json!({ "ship_to": { "name": "Jane Quetzal", "company": "Quetzal Ltd", "line1": "1 Quetzal Lane",
                         "city": "Quetzalburg", "region": "Quetzalia", "postal_code": "QUETZAL-1", "country": "DE" },
            "contact": { "email": "quetzal@example.com", "phone": "+4930901820" } })
}

#[tokio::test]
async fn no_message_log_failed_job_or_other_table_contains_the_address_of_an_order() {
    let system = TestSystem::of("personal_data").setting("RUST_LOG", LOG_FILTER);
    let mut system = system.product(SeedProduct::of("SKU-PRIVATE", 10)).start().await;
    system.expect_failed_jobs(1);
    let (commands, events) =
        (MessageRecorder::open(&system.broker).await, MessageRecorder::of_events(&system.broker).await);
    let client = system.client().signed_up("private").await;

    let mut refused = recipient();
    refused["ship_to"]["country"] = json!("QUETZAL");
    let refused = client.place(&NewOrder::of("SKU-PRIVATE", 1).with(refused)).await;
    assert_eq!(refused.status.as_u16(), 422);
    let order = client.place_accepted(&NewOrder::of("SKU-PRIVATE", 1).with(recipient())).await;
    client.wait_until(order, "confirmed", LIMIT).await;
    assert_eq!(client.order(order).await["ship_to"], recipient()["ship_to"]);
    let failed = fail_to_book(&system, order).await;
    system.until_failed_jobs(1, LIMIT).await;

    let messages = [commands.drain().await, events.drain().await].concat();
    assert!(messages.len() > 6, "only {} messages were recorded", messages.len());
    assert!(messages.iter().all(|message| !contains_secret(&message.text())), "a message contains it");
    assert!(system.logs().all(|log| !log.is_empty() && !contains_secret(&log)), "a log contains it");
    assert_eq!(system.tables_with(&format!("{SECRET}|4930901820")).await, ["orders.recipients"]);
    forget(&system, failed).await;
    system.finish().await;
}

fn contains_secret(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains(SECRET) || text.contains("4930901820")
}

/// Copies the recipient to a new order whose carrier no worker has, and orders its booking.
async fn fail_to_book(system: &TestSystem, order: Uuid) -> Uuid {
    let (failed, warehouse) = (OrderId::from_uuid(Uuid::now_v7()), WarehouseId::from_uuid(Uuid::now_v7()));
    let shipment = ShipmentId::of(failed, warehouse);
    let lines = vec![Line { sku: "SKU-PRIVATE".parse().expect("a SKU"), quantity: 1_u32.try_into().expect("one") }];
    for sql in [
        "INSERT INTO orders.recipients
         SELECT $1, name, company, line1, line2, city, region, postal_code, country, email, phone, created_at
           FROM orders.recipients WHERE order_id = $2 AND $3::uuid IS NOT NULL",
        "INSERT INTO shipping.bookings (order_id, status, carrier, correlation_id, has_recipient, created_at, updated_at)
         SELECT $1, 'requested', 'pigeon', 'test', true, now(), now() WHERE $2::uuid <> $3::uuid",
        "INSERT INTO shipping.shipments (order_id, id, warehouse_id, lines, status, created_at, updated_at)
         SELECT $1, $3, $2, '[{\"sku\":\"SKU-PRIVATE\",\"quantity\":1}]', 'requested', now(), now()",
    ] {
        let inserted = sqlx::query(sql).bind(failed.as_uuid()).bind(order).bind(shipment.as_uuid());
        inserted.execute(system.pool()).await.expect("inserted");
    }
    let request = ShipmentRequest { shipment_id: shipment, warehouse_id: warehouse, vendor_id: None, lines };
    let book = BookShipments { order_id: failed, shipments: vec![request], has_recipient: true };
    system.broker.publish_command(Queue::Shipping, failed, &ShipmentCommand::Book(book)).await;
    failed.as_uuid()
}

async fn forget(system: &TestSystem, order: Uuid) {
    for table in ["orders.recipients", "shipping.bookings", "shipping.shipments"] {
        let delete = AssertSqlSafe(format!("DELETE FROM {table} WHERE order_id = $1"));
        sqlx::query(delete).bind(order).execute(system.pool()).await.expect("deleted");
    }
}
