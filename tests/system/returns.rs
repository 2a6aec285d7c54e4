//! Returns through the whole stack: what arrives is in stock and paid back once, whatever is lost or killed on the way.

use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::client::list;
use system_tests::system::Builder;
use system_tests::{ApiClient, NewOrder, Role, SeedProduct, TestSystem, eventually};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(1);
const UNITS: u32 = 6;

/// A system whose carrier delivers at once, and whose sagas repeat their commands soon.
fn quick(name: &'static str, sku: &'static str) -> Builder {
    let quick = TestSystem::of(name).setting("CARRIER_HAND_OVER_MS", "50").setting("CARRIER_IN_TRANSIT_MS", "50");
    let quick = quick.setting("CARRIER_DELIVERY_MS", "50").setting("SAGA_TIME_SCALE_PERCENT", "5");
    quick.product(SeedProduct::of(sku, 100))
}

/// An order of [`UNITS`] units that is delivered and captured.
async fn delivered(customer: &ApiClient, sku: &'static str, payment_method: &'static str) -> Uuid {
    let id = customer.place_accepted(&NewOrder::of(sku, UNITS).paid_by(payment_method)).await;
    customer.wait_until(id, "delivered", LIMIT).await;
    eventually("the order to be captured", LIMIT, || async {
        let order = customer.order(id).await;
        if order["payment_status"] == "captured" { Ok(()) } else { Err(order.to_string()) }
    })
    .await;
    id
}

fn units(quantity: u32) -> Value {
    json!({ "reason": "not_as_described", "lines": [{ "line_no": 1, "quantity": quantity }] })
}

fn counted(counts: &[(&str, u32)]) -> Value {
    let count =
        |(condition, quantity): &(&str, u32)| json!({ "line_no": 1, "condition": condition, "quantity": quantity });
    json!({ "lines": counts.iter().map(count).collect::<Vec<_>>() })
}

/// Requests and approves a return. Returns its path.
async fn approved(customer: &ApiClient, admin: &ApiClient, order: Uuid, quantity: u32) -> String {
    let (status, requested) = customer.post(&format!("/orders/{order}/returns"), &units(quantity)).await;
    assert_eq!(status, StatusCode::CREATED, "{requested}");
    let path = format!("/returns/{}", list(&requested)[0]["id"].as_str().expect("an id"));
    let (status, approved) = admin.post(&format!("{path}/approve"), &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{approved}");
    path
}

async fn receive(admin: &ApiClient, path: &str, counts: &[(&str, u32)]) {
    let (status, received) = admin.post(&format!("{path}/receive"), &counted(counts)).await;
    assert_eq!(status, StatusCode::OK, "{received}");
}

async fn until_closed(viewer: &ApiClient, path: &str) -> Value {
    eventually("the return to close", LIMIT, || async {
        let returned = viewer.get(path).await;
        if returned["status"] == "closed" { Ok(returned) } else { Err(returned.to_string()) }
    })
    .await
}

#[tokio::test]
async fn a_return_of_mixed_conditions_is_restocked_and_refunded_exactly() {
    let system = quick("returns", "SKU-MIXED").start().await;
    let (customer, admin) = (system.client().signed_up("returning").await, system.admin().await);
    let order = delivered(&customer, "SKU-MIXED", "sim_ok").await;
    let price = customer.order(order).await["items"][0]["unit_price"]["amount_minor"].as_i64().expect("a price");
    let before = system.stock_of("SKU-MIXED").await;

    let path = approved(&customer, &admin, order, 4).await;
    receive(&admin, &path, &[("resellable", 2), ("damaged", 1), ("missing", 1)]).await;
    let closed = until_closed(&customer, &path).await;

    assert_eq!(closed["refund"]["amount"]["amount_minor"], json!(3 * price), "{closed}");
    assert_eq!(system.stock_of("SKU-MIXED").await.0, before.0 + 2);
    assert_eq!(customer.order(order).await["payment_status"], "partly_refunded");
    let (status, again) = admin.post(&format!("{path}/receive"), &counted(&[("damaged", 4)])).await;
    assert_eq!(status, StatusCode::CONFLICT, "{again}");
    // Two units were never returned, and one was missing.
    let (status, refused) = customer.post(&format!("/orders/{order}/returns"), &units(4)).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    let rest = approved(&customer, &admin, order, 3).await;
    receive(&admin, &rest, &[("resellable", 3)]).await;
    until_closed(&customer, &rest).await;
    assert_eq!(customer.order(order).await["payment_status"], "refunded");
    assert_eq!(system.stock_of("SKU-MIXED").await.0, before.0 + 5);
    system.until_every_saga_ended(LIMIT).await;
    system.finish().await;
}

#[tokio::test]
async fn concurrent_requests_return_no_unit_twice() {
    let system = quick("returns_race", "SKU-RACE-BACK").start().await;
    let (customer, admin) = (system.client().signed_up("hasty").await, system.admin().await);
    let order = delivered(&customer, "SKU-RACE-BACK", "sim_ok").await;

    let (path, one) = (format!("/orders/{order}/returns"), units(1));
    let responses = futures::future::join_all((0..20).map(|_| customer.post(&path, &one))).await;

    let created = responses.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    assert_eq!(created, UNITS as usize, "{responses:?}");
    let listed = admin.get(&format!("/returns?order_id={order}")).await;
    assert_eq!(list(&listed).len(), UNITS as usize);
    system.finish().await;
}

#[tokio::test]
async fn a_lost_response_of_the_gateway_and_killed_workers_refund_and_restock_once() {
    let mut system = quick("returns_lost", "SKU-LOST-RETURN").setting("RETRY_DELAY_PERCENT", "20").start().await;
    let (customer, admin) = (system.client().signed_up("unlucky").await, system.admin().await);
    let order = delivered(&customer, "SKU-LOST-RETURN", "sim_timeout").await;
    let before = system.stock_of("SKU-LOST-RETURN").await;
    let path = approved(&customer, &admin, order, 2).await;

    receive(&admin, &path, &[("resellable", 2)]).await;
    let workers: Vec<u32> = system.all(Role::Worker).map(|worker| worker.pid()).collect();
    for worker in workers {
        system.kill_and_restart(worker).await;
    }
    until_closed(&customer, &path).await;

    assert_eq!(system.stock_of("SKU-LOST-RETURN").await.0, before.0 + 2);
    let refunded = "SELECT count(*) FROM payments.simulated_gateway_movements WHERE kind = 'refund' AND state = 'done'";
    assert_eq!(system.count(refunded).await, 1);
    system.finish().await;
}

#[tokio::test]
async fn a_return_closes_although_its_messages_were_deleted() {
    let system = quick("returns_wiped", "SKU-WIPED").start().await;
    let (customer, admin) = (system.client().signed_up("patient").await, system.admin().await);
    let order = delivered(&customer, "SKU-WIPED", "sim_ok").await;
    let path = approved(&customer, &admin, order, 1).await;
    receive(&admin, &path, &[("resellable", 1)]).await;
    let first = until_closed(&customer, &path).await;
    let stock = system.stock_of("SKU-WIPED").await;

    // As if no reply had arrived, and the inbox had forgotten every message of the order.
    system.execute_raw("DELETE FROM messaging.inbox").await;
    system
        .execute_raw(
            "UPDATE orders.returns SET active = true, status = 'received', deadline_at = now(), state =
             '{\"received\":{\"restocking\":\"open\",\"refund\":\"open\",\"generation\":1,\"attempt\":1}}'",
        )
        .await;
    let closed = until_closed(&customer, &path).await;

    assert_eq!((&closed["refund"], &closed["restocking"]), (&first["refund"], &first["restocking"]));
    assert_eq!(system.stock_of("SKU-WIPED").await, stock);
    assert_eq!(system.count("SELECT count(*) FROM payments.refunds").await, 1);
    system.finish().await;
}
