//! Returns over HTTP: requested by customers, decided by vendors, restocked and refunded.

use crate::client::{ApiClient, CABLE, HEADPHONES, TestUser, get, post};
use crate::mini_worker::work;
use crate::refunds::deliver;
use accounts::Role;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

pub const PRICE: i64 = 7_999;

/// Products of one vendor in stock, and everybody who deals with returns.
pub struct Shop {
    pub client: ApiClient,
    pub customer: TestUser,
    pub vendor: TestUser,
    pub admin: TestUser,
}

impl Shop {
    pub async fn open(pool: PgPool) -> Self {
        let client = ApiClient::new(pool);
        let vendor = client.create_user("vendor", Role::Vendor).await;
        client.create_stock(vendor.id).await;
        let (customer, admin) = (client.customer().await, client.create_user("admin", Role::Admin).await);
        Self { client, customer, vendor, admin }
    }

    /// An order of three pairs of headphones and a cable.
    pub async fn placed(&self, payment_method: &str) -> String {
        let items = [json!({ "sku": HEADPHONES, "quantity": 3 }), json!({ "sku": CABLE, "quantity": 1 })];
        let order = json!({ "items": items, "payment_method": payment_method });
        let place = post("/orders").by(&self.customer).header("idempotency-key", &Uuid::now_v7().to_string());
        let accepted = self.client.send(place.json(&order)).await.expect(StatusCode::ACCEPTED);
        accepted["order_id"].as_str().expect("an id").to_owned()
    }

    pub async fn delivered(&self, payment_method: &str) -> String {
        let order = self.placed(payment_method).await;
        deliver(&self.client, &self.admin, &order).await;
        order
    }

    pub async fn post(&self, path: &str, by: &TestUser, body: &Value, status: StatusCode) -> Value {
        self.client.send(post(path).by(by).json(body)).await.expect(status)
    }

    pub async fn get(&self, path: &str, by: &TestUser) -> Value {
        self.client.send(get(path).by(by)).await.expect(StatusCode::OK)
    }

    /// Requests to return headphones. Returns the return's path.
    pub async fn requested(&self, order: &str, quantity: u32) -> String {
        let path = format!("/orders/{order}/returns");
        let requested = self.post(&path, &self.customer, &units(1, quantity), StatusCode::CREATED).await;
        format!("/returns/{}", requested["items"][0]["id"].as_str().expect("an id"))
    }

    pub async fn approved(&self, order: &str, quantity: u32) -> String {
        let path = self.requested(order, quantity).await;
        self.post(&format!("{path}/approve"), &self.vendor, &json!({}), StatusCode::OK).await;
        path
    }

    async fn received(&self, order: &str, counts: &[(&str, u32)]) -> String {
        let path = self.approved(order, counts.iter().map(|(_, units)| units).sum()).await;
        let received = self.post(&format!("{path}/receive"), &self.vendor, &counted(counts), StatusCode::OK).await;
        assert_ne!(received["status"], "approved");
        path
    }

    async fn on_hand(&self) -> i64 {
        let stock = self.get(&format!("/inventory/{HEADPHONES}"), &self.admin).await;
        stock["items"][0]["on_hand"].as_i64().expect("units")
    }

    /// Advances the returns whose deadlines are made to pass.
    async fn wake(&self) {
        let overdue = "UPDATE orders.returns SET deadline_at = now() - interval '1 second' WHERE active";
        sqlx::query(overdue).execute(&self.client.pool).await.expect("set");
        let woken = orders::wake_stalled_returns(&self.client.state.write, &[], platform::clock::now(), 10).await;
        assert!(woken.expect("woken") > 0);
    }

    /// Loses every message that is not handled yet.
    async fn lose_messages(&self) {
        sqlx::query("DELETE FROM messaging.outbox").execute(&self.client.pool).await.expect("deleted");
    }
}

pub fn units(line_no: i16, quantity: u32) -> Value {
    json!({ "reason": "damaged", "note": "One ear is silent", "lines": [{ "line_no": line_no, "quantity": quantity }] })
}

pub fn counted(counts: &[(&str, u32)]) -> Value {
    let count =
        |(condition, quantity): &(&str, u32)| json!({ "line_no": 1, "condition": condition, "quantity": quantity });
    json!({ "lines": counts.iter().map(count).collect::<Vec<_>>() })
}

fn kinds(returned: &Value) -> Vec<&str> {
    let timeline = returned["timeline"].as_array().expect("a timeline");
    timeline.iter().map(|entry| entry["kind"].as_str().expect("a kind")).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_arrives_of_a_return_is_restocked_and_refunded_by_its_condition(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    assert_eq!(shop.on_hand().await, 97);

    let path = shop.received(&order, &[("resellable", 1), ("damaged", 1), ("missing", 1)]).await;
    work(&shop.client).await;

    let returned = shop.get(&path, &shop.customer).await;
    assert_eq!((&returned["status"], &returned["restocking"]), (&json!("closed"), &json!("done")));
    let refund = &returned["refund"];
    assert_eq!((&refund["status"], &refund["amount"]["amount_minor"]), (&json!("done"), &json!(2 * PRICE)));
    let steps = ["requested", "approved", "received", "restocked", "refunded", "closed"];
    assert_eq!(kinds(&returned).len(), steps.len());
    assert!(steps.iter().all(|step| kinds(&returned).contains(step)), "{returned}");
    assert_eq!(shop.on_hand().await, 98);
    let found = shop.get(&format!("/orders/{order}"), &shop.customer).await;
    assert_eq!((&found["payment_status"], &found["status"]), (&json!("partly_refunded"), &json!("delivered")));
    // The missing unit can be returned later, the others can't.
    shop.requested(&order, 1).await;
    let more = units(1, 1);
    let refused = shop.post(&format!("/orders/{order}/returns"), &shop.customer, &more, StatusCode::CONFLICT).await;
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("0 are delivered")), "{refused}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn units_that_are_not_to_be_refunded_are_not(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let path = shop.approved(&order, 2).await;
    let counts = json!({ "lines": [
        { "line_no": 1, "condition": "damaged", "quantity": 1, "refund": false },
        { "line_no": 1, "condition": "resellable", "quantity": 1 } ] });

    shop.post(&format!("{path}/receive"), &shop.admin, &counts, StatusCode::OK).await;
    work(&shop.client).await;

    let returned = shop.get(&path, &shop.customer).await;
    assert_eq!(returned["refund"]["amount"]["amount_minor"], json!(PRICE));
    assert_eq!(returned["status"], "closed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn lost_commands_and_replies_are_sent_again_and_change_everything_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let path = shop.received(&order, &[("resellable", 2)]).await;

    shop.lose_messages().await;
    shop.wake().await;
    work(&shop.client).await;
    let closed = shop.get(&path, &shop.customer).await;
    assert_eq!(closed["status"], "closed");

    // As if the replies had never arrived.
    let forget = "UPDATE orders.returns SET active = true, status = 'received', deadline_at = now(), state =
        '{\"received\":{\"restocking\":\"open\",\"refund\":\"open\",\"generation\":7,\"attempt\":1}}'";
    sqlx::query(forget).execute(&shop.client.pool).await.expect("set");
    shop.wake().await;
    work(&shop.client).await;

    let again = shop.get(&path, &shop.customer).await;
    assert_eq!((&again["status"], &again["refund"]), (&json!("closed"), &closed["refund"]));
    assert_eq!(shop.on_hand().await, 99);
    assert_eq!(
        shop.get(&format!("/orders/{order}/refunds"), &shop.admin).await["items"].as_array().map(Vec::len),
        Some(1)
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refused_refund_needs_a_person_and_is_resolved_by_the_refunds_own_action(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_refund_declined").await;
    let path = shop.received(&order, &[("damaged", 1)]).await;
    work(&shop.client).await;

    let refused = shop.get(&path, &shop.admin).await;
    assert_eq!((&refused["status"], &refused["refund"]["status"]), (&json!("received"), &json!("refused")));
    assert!(refused["attention"].as_str().is_some_and(|reason| reason.contains("refused refund")), "{refused}");
    assert!(shop.get(&path, &shop.customer).await["attention"].is_null());
    let listed = shop.get("/returns?attention=true", &shop.admin).await;
    assert_eq!(listed["items"][0]["id"], refused["id"]);
    let refund = refused["refund"]["refund_id"].as_str().expect("an id");
    let resolved = json!({ "outcome": "refused", "evidence": "paid in cash" });
    let action = format!("/orders/{order}/refunds/{refund}/resolve");
    shop.post(&action, &shop.admin, &resolved, StatusCode::ACCEPTED).await;
    work(&shop.client).await;

    let closed = shop.get(&path, &shop.admin).await;
    assert_eq!((&closed["status"], &closed["refund"]["status"]), (&json!("closed"), &json!("given_up")));
    assert!(closed["attention"].is_null());
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_refund_waits_for_a_declined_capture(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_capture_declined").await;
    let path = shop.received(&order, &[("damaged", 1)]).await;
    work(&shop.client).await;
    assert_eq!(shop.get(&path, &shop.admin).await["refund"]["status"], "open");

    let saga = shop.get(&format!("/admin/sagas/{order}"), &shop.admin).await;
    let again = json!({ "generation": saga["generation"], "reason": "the card is renewed" });
    shop.post(&format!("/admin/sagas/{order}/capture-again"), &shop.admin, &again, StatusCode::OK).await;
    work(&shop.client).await;
    shop.wake().await;
    work(&shop.client).await;

    let closed = shop.get(&path, &shop.admin).await;
    assert_eq!((&closed["status"], &closed["refund"]["amount"]["amount_minor"]), (&json!("closed"), &json!(PRICE)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_approved_return_that_does_not_arrive_expires(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let path = shop.approved(&order, 3).await;
    assert!(shop.get(&path, &shop.customer).await["expires_at"].is_string());

    shop.wake().await;

    let expired = shop.get(&path, &shop.customer).await;
    assert_eq!((&expired["status"], &expired["expires_at"]), (&json!("expired"), &Value::Null));
    let receive = format!("{path}/receive");
    shop.post(&receive, &shop.vendor, &counted(&[("damaged", 3)]), StatusCode::CONFLICT).await;
    shop.requested(&order, 3).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_return_that_can_not_be_read_does_not_stop_the_others(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let [broken, other] = [shop.delivered("sim_ok").await, shop.delivered("sim_ok").await];
    let (_, path) = (shop.approved(&broken, 1).await, shop.approved(&other, 1).await);
    sqlx::query("UPDATE orders.returns SET state = '{}' WHERE order_id = $1::text::uuid")
        .bind(&broken)
        .execute(&shop.client.pool)
        .await
        .expect("set");

    shop.wake().await;

    assert_eq!(shop.get(&path, &shop.customer).await["status"], "expired");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_chosen_warehouse_gets_the_units(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.client.create_warehouse("WEST").await;
    let order = shop.delivered("sim_ok").await;
    let path = shop.approved(&order, 2).await;

    let counts = json!({ "warehouse_code": "WEST", "lines": counted(&[("resellable", 2)])["lines"] });
    shop.post(&format!("{path}/receive"), &shop.vendor, &counts, StatusCode::OK).await;
    work(&shop.client).await;

    let stock = shop.get(&format!("/inventory/{HEADPHONES}"), &shop.admin).await;
    let on_hand: Vec<_> = stock["items"].as_array().expect("rows").iter().map(|row| &row["on_hand"]).collect();
    assert_eq!(on_hand, [&json!(97), &json!(2)], "{stock}");
}
