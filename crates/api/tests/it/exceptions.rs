//! Shipments with which something went wrong: reported, seen in `attention`, and decided by an admin.

use crate::client::{HEADPHONES, get, post};
use crate::mini_worker::work;
use crate::refunds::Shop;
use accounts::Role;
use axum::http::StatusCode;
use futures::join;
use messaging::WriteContext;
use serde_json::{Value, json};
use sqlx::PgPool;

impl Shop {
    async fn shipment(&self, order: &str) -> Value {
        let page = self.client.send(get(&format!("/orders/{order}/shipments")).by(&self.admin)).await;
        page.expect(StatusCode::OK)["items"][0].clone()
    }

    /// The carrier's report about the first shipment of the order.
    async fn report(&self, order: &str, status: &str) -> Value {
        let number = self.shipment(order).await["tracking_number"].as_str().expect("a number").to_owned();
        let report = post(&format!("/shipments/{number}/events")).by(&self.admin).json(&json!({ "status": status }));
        let recorded = self.client.send(report).await.expect(StatusCode::OK);
        work(&self.client).await;
        recorded["recorded"].clone()
    }

    async fn decide(&self, order: &str, action: &str, body: &Value) -> crate::client::ApiResponse {
        let shipment = self.shipment(order).await["id"].as_str().expect("an id").to_owned();
        let path = format!("/admin/orders/{order}/shipments/{shipment}/{action}");
        self.client.send(post(&path).by(&self.admin).json(body)).await
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_shipment_is_sent_again_without_a_new_payment(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed("sim_ok").await;
    assert_eq!(shop.report(&order, "in_transit").await, "advanced");
    assert_eq!(shop.report(&order, "lost").await, "kept");
    let attention = shop.order(&order).await["attention"].clone();
    assert_eq!(shop.shipment(&order).await["exception"], "lost");

    let reason = json!({ "reason": "the carrier has lost it" });
    let decided = shop.decide(&order, "reship", &reason).await.expect(StatusCode::OK);
    work(&shop.client).await;

    assert!(attention.as_str().is_some_and(|reason| reason.ends_with("is lost")), "{attention}");
    assert_eq!((&decided["order_status"], &decided["attention"]), (&json!("delivered"), &Value::Null));
    let again = decided["reshipped_by"].as_str().expect("an order").to_owned();
    let reshipped = shop.order(&again).await;
    assert_eq!((&reshipped["status"], &reshipped["total"]["amount_minor"]), (&json!("confirmed"), &json!(0)));
    assert_eq!((&reshipped["reship_of"], &reshipped["customer_id"]), (&json!(order), &json!(shop.customer.id)));
    assert_eq!((&reshipped["items"][0]["sku"], &reshipped["items"][0]["quantity"]), (&json!(HEADPHONES), &json!(3)));
    let twice = shop.decide(&order, "reship", &reason).await.expect_problem(409, "invalid-state");
    assert!(twice["detail"].to_string().contains(&again), "{twice}");
    assert_eq!(shop.report(&again, "delivered").await, "advanced");
    assert_eq!(shop.order(&again).await["status"], "delivered");
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_admins_who_send_a_shipment_again_at_once_place_one_order(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let second = shop.client.create_user("second-admin", Role::Admin).await;
    let order = shop.confirmed("sim_ok").await;
    shop.report(&order, "lost").await;
    let shipment = shop.shipment(&order).await["id"].as_str().expect("an id").to_owned();
    let path = format!("/admin/orders/{order}/shipments/{shipment}/reship");
    let reship = |admin| post(&path).by(admin).json(&json!({ "reason": "the carrier has lost it" }));

    let (one, other) = join!(shop.client.send(reship(&shop.admin)), shop.client.send(reship(&second)));

    assert!([one.status, other.status].contains(&StatusCode::OK), "{} {}", one.body, other.body);
    let placed = shop.client.send(get("/orders").by(&shop.customer)).await.expect(StatusCode::OK);
    assert_eq!(placed["items"].as_array().map(Vec::len), Some(2), "{placed}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn units_in_a_return_are_neither_sent_again_nor_closed(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let requested = json!({ "lines": [{ "line_no": 1, "quantity": 1 }], "reason": "damaged" });
    let request = post(&format!("/orders/{order}/returns")).by(&shop.customer).json(&requested);
    let returns = shop.client.send(request).await.expect(StatusCode::CREATED);
    shop.report(&order, "returned_to_sender").await;
    let (reason, closed) = (json!({ "reason": "back" }), json!({ "outcome": "closed", "reason": "back" }));

    for (action, body) in [("reship", &reason), ("resolve", &closed)] {
        let refused = shop.decide(&order, action, body).await.expect_problem(409, "invalid-state");
        assert!(refused["detail"].to_string().contains("are in a return"), "{refused}");
    }

    let returned = returns["items"][0]["id"].as_str().expect("an id");
    shop.client.send(post(&format!("/returns/{returned}/cancel")).by(&shop.customer)).await.expect(StatusCode::OK);
    shop.decide(&order, "resolve", &closed).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_dismissal_that_stopped_half_way_can_be_repeated(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let order = shop.confirmed("sim_ok").await;
    shop.report(&order, "failed_attempt").await;
    let shipment = shop.shipment(&order).await["id"].as_str().expect("an id").parse().expect("an id");
    let (context, id) = (WriteContext::of(pool), order.parse().expect("an id"));
    shipping::dismiss_exception(&context, id, shipment, platform::clock::now()).await.expect("dismissed");

    let decided = shop.decide(&order, "resolve", &json!({ "outcome": "dismissed", "reason": "they try again" })).await;

    assert_eq!(decided.expect(StatusCode::OK)["attention"], Value::Null);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_exception_is_dismissed_or_its_shipment_closed(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed("sim_ok").await;
    let decision = |outcome: &str| json!({ "outcome": outcome, "reason": "we asked the carrier" });
    shop.report(&order, "handed_over").await;
    shop.decide(&order, "resolve", &decision("closed")).await.expect_problem(409, "invalid-state");
    shop.report(&order, "failed_attempt").await;
    shop.decide(&order, "resolve", &decision("closed")).await.expect_problem(409, "invalid-state");
    assert_eq!(shop.shipment(&order).await["exception"], "failed_attempt");
    shop.decide(&order, "resolve", &decision("dismissed")).await.expect(StatusCode::OK);
    assert_eq!(shop.order(&order).await["attention"], Value::Null);
    assert_eq!(shop.shipment(&order).await["exception"], Value::Null);

    shop.report(&order, "returned_to_sender").await;
    let closed = shop.decide(&order, "resolve", &decision("closed")).await.expect(StatusCode::OK);

    assert_eq!((&closed["order_status"], &closed["reshipped_by"]), (&json!("delivered"), &Value::Null));
    let refund = shop.refund(&order, &json!({ "reason": "lost" })).await;
    assert_eq!(refund["status"], "pending");
    shop.decide(&order, "resolve", &decision("lost")).await.expect_problem(422, "validation");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cancelled_shipment_that_moves_is_kept_and_flagged(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed("sim_ok").await;
    shop.client.send(post(&format!("/orders/{order}/cancel")).by(&shop.customer)).await.expect(StatusCode::ACCEPTED);
    work(&shop.client).await;
    assert_eq!(shop.order(&order).await["status"], "cancelled");

    assert_eq!(shop.report(&order, "handed_over").await, "kept");

    let flagged = shop.order(&order).await;
    assert!(flagged["attention"].as_str().is_some_and(|reason| reason.contains("which was cancelled")), "{flagged}");
    assert_eq!(shop.shipment(&order).await["events"][0]["status"], "handed_over");
    let decided = json!({ "outcome": "dismissed", "reason": "it is back" });
    shop.decide(&order, "resolve", &decided).await.expect(StatusCode::OK);
    assert_eq!(shop.order(&order).await["attention"], Value::Null);
}
