//! Refunds through the whole stack: exactly what was captured comes back, and what the gateway declines is seen and fixed.

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::client::list;
use system_tests::system::Builder;
use system_tests::{ApiClient, NewOrder, SeedProduct, TestSystem, eventually};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);
const UNITS: u32 = 10;
const REFUNDS: u32 = 50;

/// A system whose carrier delivers at once.
fn quick(name: &'static str, sku: &'static str) -> Builder {
    let quick = TestSystem::of(name).setting("CARRIER_HAND_OVER_MS", "50").setting("CARRIER_IN_TRANSIT_MS", "50");
    quick.setting("CARRIER_DELIVERY_MS", "50").product(SeedProduct::of(sku, 100))
}

#[tokio::test]
async fn concurrent_refunds_of_one_order_return_exactly_what_was_captured() {
    let system = quick("refunds", "SKU-BACK").start().await;
    let (customer, admin) = (system.client().signed_up("returning").await, system.admin().await);
    let id = customer.place_accepted(&NewOrder::of("SKU-BACK", UNITS)).await;
    let order = customer.wait_until(id, "delivered", LIMIT).await;
    until_payment(&customer, id, "captured").await;
    let captured = order["total"]["amount_minor"].as_i64().expect("an amount");

    let one = json!({ "reason": "damaged", "lines": [{ "line_no": 1, "quantity": 1 }] });
    let path = format!("/orders/{id}/refunds");
    let responses = join_all((0..REFUNDS).map(|_| admin.post(&path, &one))).await;

    let accepted = responses.iter().filter(|(status, _)| *status == StatusCode::ACCEPTED).count();
    assert_eq!(accepted, UNITS as usize, "{responses:?}");
    assert!(responses.iter().all(|(status, _)| [StatusCode::ACCEPTED, StatusCode::CONFLICT].contains(status)));
    until_payment(&customer, id, "refunded").await;
    let refunds = customer.get(&path).await;
    let amounts = list(&refunds).iter().map(|refund| refund["amount_minor"].as_i64().expect("an amount"));
    assert_eq!(amounts.sum::<i64>(), captured);
    system.finish().await;
}

#[tokio::test]
async fn a_refund_with_a_lost_response_is_looked_up_and_executed_once() {
    let hasty = quick("refund_lost", "SKU-LOST-REFUND").setting("RETRY_DELAY_PERCENT", "20");
    let system = hasty.start().await;
    let (customer, admin) = (system.client().signed_up("unlucky").await, system.admin().await);
    let id = customer.place_accepted(&NewOrder::of("SKU-LOST-REFUND", 1).paid_by("sim_timeout")).await;
    until_payment(&customer, id, "captured").await;

    let body = json!({ "reason": "lost" });
    let (status, refund) = admin.post(&format!("/orders/{id}/refunds"), &body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{refund}");
    until_payment(&customer, id, "refunded").await;

    let calls = "SELECT sum(calls)::bigint FROM payments.simulated_gateway_movements WHERE kind = 'refund'";
    assert_eq!(system.count(calls).await, 1, "it was looked up, not repeated");
    system.finish().await;
}

#[tokio::test]
async fn a_declined_capture_is_seen_in_attention_and_fixed_by_one_action() {
    let system = quick("capture_declined", "SKU-DECLINED").start().await;
    let (customer, admin) = (system.client().signed_up("declined").await, system.admin().await);
    let id = customer.place_accepted(&NewOrder::of("SKU-DECLINED", 1).paid_by("sim_capture_declined")).await;

    let order = eventually("attention to be raised", LIMIT, || async {
        let order = admin.order(id).await;
        if order["attention"].is_string() { Ok(order) } else { Err(order.to_string()) }
    })
    .await;
    assert!(order["attention"].as_str().is_some_and(|reason| reason.contains("declined to capture")), "{order}");
    assert_eq!(order["payment_status"], "authorized");
    assert!(list(&admin.get("/admin/failed-jobs").await).is_empty(), "a decline is a reply");
    customer.wait_until(id, "delivered", LIMIT).await;

    capture_again(&admin, id).await;
    until_payment(&customer, id, "captured").await;

    assert!(admin.order(id).await["attention"].is_null());
    system.until_every_saga_ended(LIMIT).await;
    system.finish().await;
}

/// Repeats the action when the saga has advanced meanwhile.
async fn capture_again(admin: &ApiClient, id: Uuid) {
    eventually("the capture to be requested again", LIMIT, || async {
        let saga = admin.get(&format!("/admin/sagas/{id}")).await;
        let body = json!({ "generation": saga["generation"], "reason": "the card is renewed" });
        let (status, saga) = admin.post(&format!("/admin/sagas/{id}/capture-again"), &body).await;
        if status == StatusCode::OK { Ok(()) } else { Err(saga.to_string()) }
    })
    .await;
}

async fn until_payment(customer: &ApiClient, id: Uuid, status: &str) -> Value {
    eventually(&format!("the payment of {id} to be {status}"), LIMIT, || async {
        let order = customer.order(id).await;
        if order["payment_status"] == status { Ok(order) } else { Err(order.to_string()) }
    })
    .await
}
