//! Refunds over HTTP: requested by admins, executed by the gateway, seen by the customer.

use crate::client::{ApiClient, HEADPHONES, TestUser, get, post};
use crate::mini_worker::work;
use accounts::Role;
use axum::http::StatusCode;
use domain::refund::REFUNDS_MAX;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

pub const PRICE: i64 = 7_999;

/// Products in stock, a customer and an admin.
pub struct Shop {
    pub client: ApiClient,
    pub customer: TestUser,
    pub admin: TestUser,
}

impl Shop {
    pub async fn open(pool: PgPool) -> Self {
        let client = ApiClient::new(pool);
        let vendor = client.create_user("vendor", Role::Vendor).await;
        client.create_stock(vendor.id).await;
        let (customer, admin) = (client.customer().await, client.create_user("admin", Role::Admin).await);
        Self { client, customer, admin }
    }

    /// An order of three pairs of headphones that waits for its carrier.
    pub async fn confirmed(&self, payment_method: &str) -> String {
        let order = json!({ "items": [{ "sku": HEADPHONES, "quantity": 3 }], "payment_method": payment_method });
        let place = post("/orders").by(&self.customer).header("idempotency-key", &Uuid::now_v7().to_string());
        let accepted = self.client.send(place.json(&order)).await.expect(StatusCode::ACCEPTED);
        work(&self.client).await;
        accepted["order_id"].as_str().expect("an id").to_owned()
    }

    /// The order once its carrier has delivered it.
    pub async fn delivered(&self, payment_method: &str) -> String {
        let id = self.confirmed(payment_method).await;
        deliver(&self.client, &self.admin, &id).await;
        id
    }

    pub async fn order(&self, order: &str) -> Value {
        self.client.send(get(&format!("/orders/{order}")).by(&self.admin)).await.expect(StatusCode::OK)
    }

    pub async fn order_total(&self, order: &str) -> Value {
        self.order(order).await["total"]["amount_minor"].clone()
    }

    pub async fn refund(&self, order: &str, body: &Value) -> Value {
        let request = post(&format!("/orders/{order}/refunds")).by(&self.admin).json(body);
        self.client.send(request).await.expect(StatusCode::ACCEPTED)
    }

    async fn refunds(&self, order: &str, viewer: &TestUser) -> Vec<Value> {
        let page = self.client.send(get(&format!("/orders/{order}/refunds")).by(viewer)).await.expect(StatusCode::OK);
        page["items"].as_array().expect("a page").clone()
    }

    pub async fn timeline(&self, order: &str, viewer: &TestUser) -> Vec<Value> {
        let page = self.client.send(get(&format!("/orders/{order}/events")).by(viewer)).await.expect(StatusCode::OK);
        page["items"].as_array().expect("a page").clone()
    }
}

/// Has the order confirmed, handed over and delivered.
pub async fn deliver(client: &ApiClient, admin: &TestUser, order: &str) {
    work(client).await;
    let shipments = client.send(get(&format!("/orders/{order}/shipments")).by(admin)).await.expect(StatusCode::OK);
    let shipments = shipments["items"].as_array().expect("a page");
    let booked = shipments.iter().find(|shipment| shipment["status"] == "booked").expect("a booked shipment");
    let number = booked["tracking_number"].as_str().expect("a booked shipment").to_owned();
    let report = post(&format!("/shipments/{number}/events")).by(admin).json(&json!({ "status": "delivered" }));
    let reported = client.send(report).await;
    assert!(reported.status.is_success(), "{}", reported.body);
    work(client).await;
}

pub fn kinds(timeline: &[Value]) -> Vec<&str> {
    timeline.iter().map(|entry| entry["kind"].as_str().expect("a kind")).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refund_of_units_and_then_of_the_rest_changes_the_payment_status(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    assert_eq!(shop.order(&order).await["payment_status"], "captured");

    let body = json!({ "reason": "damaged", "lines": [{ "line_no": 1, "quantity": 1 }] });
    let requested = shop.refund(&order, &body).await;
    assert_eq!((&requested["status"], &requested["amount_minor"]), (&json!("pending"), &json!(PRICE)));
    assert_eq!(shop.order(&order).await["payment_status"], "captured", "not yet");
    work(&shop.client).await;

    assert_eq!(shop.order(&order).await["payment_status"], "partly_refunded");
    let found = shop.client.send(get("/orders?payment_status=partly_refunded").by(&shop.customer)).await;
    assert_eq!(found.expect(StatusCode::OK)["items"][0]["id"], order.as_str());
    let rest = shop.refund(&order, &json!({ "reason": "customer" })).await;
    assert_eq!((&rest["scope"], &rest["amount_minor"]), (&json!("whole"), &json!(2 * PRICE)));
    work(&shop.client).await;
    let refunded = shop.order(&order).await;
    assert_eq!((&refunded["payment_status"], &refunded["status"]), (&json!("refunded"), &json!("delivered")));
    let seen = shop.refunds(&order, &shop.customer).await;
    assert_eq!(seen.iter().map(|refund| refund["status"].as_str()).collect::<Vec<_>>(), [Some("succeeded"); 2]);
    assert!(seen[0].get("attempt").is_none(), "{}", seen[0]);
    let timeline = shop.timeline(&order, &shop.customer).await;
    let detail = &timeline.last().expect("entries")["detail"];
    assert_eq!((&detail["refund_id"], &detail["remaining"]["amount_minor"]), (&rest["id"], &json!(0)));
    let log = shop.client.send(get("/admin/audit-logs?action=refund.request").by(&shop.admin)).await;
    assert_eq!(log.expect(StatusCode::OK)["items"][0]["after"]["amount_minor"], 2 * PRICE);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_preview_names_the_amounts_and_changes_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let body = json!({ "reason": "lost", "lines": [{ "line_no": 1, "quantity": 2 }] });

    let preview = post(&format!("/orders/{order}/refunds?preview=true")).by(&shop.admin).json(&body);
    let preview = shop.client.send(preview).await.expect(StatusCode::OK);

    assert_eq!((&preview["amount_minor"], &preview["currency"]), (&json!(2 * PRICE), &json!("USD")));
    assert!(shop.refunds(&order, &shop.admin).await.is_empty());
    let refund = shop.refund(&order, &body).await;
    assert_eq!((&refund["lines"], &refund["shipping_minor"]), (&preview["lines"], &preview["shipping_minor"]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refund_that_does_not_fit_the_order_is_refused_by_name(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let refused = async |body: Value| {
        shop.client.send(post(&format!("/orders/{order}/refunds")).by(&shop.admin).json(&body)).await
    };
    let units = |line_no: u32, quantity: u32| json!({ "line_no": line_no, "quantity": quantity });

    let too_many = refused(json!({ "reason": "lost", "lines": [units(1, 4)] })).await;
    assert_eq!(too_many.pointers(), ["/lines"]);
    too_many.expect_problem(409, "refund-too-large");
    let too_much = refused(json!({ "reason": "lost", "amount_minor": 3 * PRICE + 1 })).await;
    assert_eq!(too_much.pointers(), ["/amount_minor"]);
    too_much.expect_problem(409, "refund-too-large");
    for invalid in [
        json!({ "reason": "lost", "lines": [units(2, 1)] }),
        json!({ "reason": "lost", "lines": [units(1, 1), units(1, 1)] }),
        json!({ "reason": "lost", "lines": [] }),
        json!({ "reason": "lost", "lines": [units(1, 1)], "amount_minor": 1 }),
        json!({ "reason": "lost", "amount_minor": 0 }),
        json!({ "reason": "because" }),
        json!({}),
    ] {
        refused(invalid).await.expect_problem(422, "validation");
    }
    let unknown = post(&format!("/orders/{}/refunds", Uuid::now_v7())).by(&shop.admin);
    shop.client.send(unknown.json(&json!({ "reason": "lost" }))).await.expect_problem(404, "not-found");
    assert!(shop.refunds(&order, &shop.admin).await.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_is_not_captured_has_nothing_to_refund(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.client.place(&shop.customer).await;
    let path = format!("/orders/{order}/refunds");
    let body = json!({ "reason": "customer" });
    shop.client.send(post(&path).by(&shop.admin).json(&body)).await.expect_problem(409, "invalid-state");

    work(&shop.client).await;

    shop.client.send(post(&path).by(&shop.admin).json(&body)).await.expect_problem(409, "invalid-state");
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_the_customer_and_staff_see_refunds(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let path = format!("/orders/{order}/refunds");
    for (name, role) in [("other", Role::Customer), ("seller", Role::Vendor)] {
        let stranger = shop.client.create_user(name, role).await;
        shop.client.send(get(&path).by(&stranger)).await.expect_problem(404, "not-found");
    }
    let vendor = shop.client.log_in("vendor@orders.local", crate::client::PASSWORD).await.expect(StatusCode::OK);
    let token = vendor["access_token"].as_str().expect("a token");
    shop.client.send(get(&path).token(token)).await.expect_problem(404, "not-found");
    let support = shop.client.create_user("helper", Role::Support).await;
    assert!(shop.refunds(&order, &support).await.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_customer_does_not_see_a_suspicion_of_fraud(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    for reason in ["fraud", "goodwill"] {
        shop.refund(&order, &json!({ "reason": reason, "amount_minor": 1 })).await;
    }

    let seen = async |viewer| {
        let refunds = shop.refunds(&order, viewer).await;
        refunds.iter().map(|refund| refund["reason"].as_str().expect("a reason").to_owned()).collect::<Vec<_>>()
    };

    assert_eq!(seen(&shop.customer).await, ["other", "goodwill"]);
    assert_eq!(seen(&shop.admin).await, ["fraud", "goodwill"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_has_a_limited_number_of_refunds(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    for _ in 0..REFUNDS_MAX {
        shop.refund(&order, &json!({ "reason": "goodwill", "amount_minor": 1 })).await;
    }

    let body = json!({ "reason": "goodwill", "amount_minor": 1 });
    let refused = shop.client.send(post(&format!("/orders/{order}/refunds")).by(&shop.admin).json(&body)).await;

    assert!(refused.body["detail"].as_str().is_some_and(|detail| detail.contains("has 100 refunds")));
    refused.expect_problem(409, "invalid-state");
    assert_eq!(shop.refunds(&order, &shop.admin).await.len(), REFUNDS_MAX);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refused_refund_raises_attention_and_succeeds_when_it_is_retried(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_refund_declined").await;
    let refund = shop.refund(&order, &json!({ "reason": "goodwill", "amount_minor": 500 })).await;

    work(&shop.client).await;
    let refused = &shop.refunds(&order, &shop.admin).await[0];
    assert_eq!((&refused["status"], &refused["error"]), (&json!("refused"), &json!("expired")));
    assert!(shop.order(&order).await["attention"].as_str().is_some_and(|reason| reason.contains("expired")));
    let hidden = shop.timeline(&order, &shop.customer).await;
    let hidden = hidden.iter().find(|entry| entry["kind"] == "payment_refund_refused").expect("an entry");
    assert!(hidden.get("detail").is_none(), "{hidden}");

    let path = format!("/orders/{order}/refunds/{}/retry", refund["id"].as_str().expect("an id"));
    let retry = post(&path).by(&shop.admin).json(&json!({ "reason": "the account is open again" }));
    let retried = shop.client.send(retry).await.expect(StatusCode::ACCEPTED);
    assert_eq!((&retried["status"], &retried["attempt"]), (&json!("pending"), &json!(2)));
    work(&shop.client).await;

    let order = shop.order(&order).await;
    assert!(order.get("attention").is_none_or(Value::is_null), "{order}");
    assert_eq!(order["payment_status"], "partly_refunded");
    let again = post(&path).by(&shop.admin).json(&json!({ "reason": "once more" }));
    shop.client.send(again).await.expect_problem(409, "invalid-state");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refund_for_review_is_resolved_by_an_admin(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let refund = shop.refund(&order, &json!({ "reason": "fraud" })).await;
    sqlx::query("UPDATE payments.refunds SET status = 'manual_review'").execute(&shop.client.pool).await.expect("set");
    let path = format!("/orders/{order}/refunds/{}/resolve", refund["id"].as_str().expect("an id"));
    let resolve =
        |outcome: &str| post(&path).by(&shop.admin).json(&json!({ "outcome": outcome, "evidence": "the report" }));
    sqlx::query("DELETE FROM messaging.outbox").execute(&shop.client.pool).await.expect("lost");

    let resolved = shop.client.send(resolve("succeeded")).await.expect(StatusCode::ACCEPTED);
    work(&shop.client).await;

    assert_eq!(resolved["status"], "succeeded");
    assert_eq!(shop.order(&order).await["payment_status"], "refunded");
    shop.client.send(resolve("refused")).await.expect_problem(409, "invalid-state");
    let other = format!("/orders/{order}/refunds/{}/resolve", Uuid::now_v7());
    let body = json!({ "outcome": "refused", "evidence": "none" });
    shop.client.send(post(&other).by(&shop.admin).json(&body)).await.expect_problem(404, "not-found");
}
