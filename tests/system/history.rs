//! One random history: an order, what its customer, its carrier and an admin do to it, and how they settle it.

use fastrand::Rng;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::client::list;
use system_tests::{ApiClient, NewOrder, TestSystem, eventually};
use uuid::Uuid;

/// The last one is free.
pub const SKUS: [&str; 3] = ["SKU-HISTORY", "SKU-STORY", "SKU-GIFT"];
const METHODS: [&str; 9] = [
    "sim_ok",
    "sim_ok",
    "sim_timeout",
    "sim_flaky",
    "sim_capture_declined",
    "sim_refund_declined",
    "sim_auth_expires",
    "sim_auth_expires",
    "sim_declined",
];
const ACTIONS_MAX: usize = 10;
/// How long an action waits for the order to change before the next one is taken.
const PAUSE: Duration = Duration::from_millis(700);
const REPORTS: [&str; 6] = ["in_transit", "delivered", "failed_attempt", "lost", "damaged", "returned_to_sender"];
const CONDITIONS: [&str; 3] = ["resellable", "damaged", "missing"];

pub struct History {
    name: String,
    rng: Rng,
    customer: ApiClient,
    admin: ApiClient,
    order: Uuid,
}

impl History {
    /// Places its order.
    pub async fn begin(customer: ApiClient, admin: ApiClient, seed: u64, number: u64) -> Self {
        let mut rng = Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let mut order = NewOrder::of(SKUS[0], rng.u32(1..=4)).paid_by(METHODS[rng.usize(..METHODS.len())]);
        if rng.bool() {
            order.lines.push((SKUS[rng.usize(1..=2)], rng.u32(1..=3)));
        }
        let order = customer.place_accepted(&order).await;
        Self { name: format!("history {number} of seed {seed}, order {order}"), rng, customer, admin, order }
    }

    pub async fn run(mut self) -> Self {
        for _action in 0..self.rng.usize(1..=ACTIONS_MAX) {
            if self.rng.bool() {
                self.until_changed().await;
            }
            self.act().await;
        }
        self
    }

    async fn act(&mut self) {
        match self.rng.u32(..20) {
            0..6 => self.cancel_units().await,
            6 => self.cancel().await,
            7..11 => self.report().await,
            11..14 => self.refund().await,
            14..18 => self.request_return().await,
            _ => self.decide_shipments(true).await,
        }
    }

    /// Waits until the order has another version, or for a moment.
    async fn until_changed(&self) {
        let before = self.customer.order(self.order).await["version"].clone();
        let changed = async {
            while self.customer.order(self.order).await["version"] == before {
                tokio::task::yield_now().await;
            }
        };
        // An order that has ended does not change any more.
        let _changed = tokio::time::timeout(PAUSE, changed).await;
    }

    async fn cancel_units(&mut self) {
        let line = json!({ "line_no": self.rng.i16(1..=2), "quantity": self.rng.u32(1..=3) });
        self.post(true, "/cancel", &json!({ "lines": [line] })).await;
    }

    async fn cancel(&self) {
        self.post(true, "/cancel", &json!({})).await;
    }

    async fn refund(&mut self) {
        let units = json!({ "line_no": self.rng.i16(1..=2), "quantity": self.rng.u32(1..=2) });
        let body = match self.rng.u32(..3) {
            0 => json!({ "reason": "goodwill", "amount_minor": self.rng.u32(1..3_000) }),
            1 => json!({ "reason": "damaged", "lines": [units] }),
            _ => json!({ "reason": "other" }),
        };
        self.post(false, "/refunds", &body).await;
    }

    /// The carrier reports something about any shipment of the order, also about cancelled ones.
    async fn report(&mut self) {
        let shipments = self.shipments().await;
        let Some(shipment) = self.rng.choice(&shipments) else { return };
        let status = self.rng.choice(REPORTS).unwrap_or("lost");
        let path = format!("/shipments/{}/events", id_of(shipment));
        self.expect_answer(&path, self.admin.post(&path, &json!({ "status": status })).await);
    }

    async fn request_return(&mut self) {
        let line = json!({ "line_no": self.rng.i16(1..=2), "quantity": self.rng.u32(1..=2) });
        self.post(true, "/returns", &json!({ "reason": "other", "lines": [line] })).await;
        for returned in self.returns().await {
            let decision = if self.rng.u32(..4) == 0 { "decline" } else { "approve" };
            self.act_on_return(&returned, decision, &json!({})).await;
        }
        self.receive_returns().await;
    }

    async fn receive_returns(&mut self) {
        for returned in self.returns().await.into_iter().filter(|returned| returned["status"] == "approved") {
            let mut counts = Vec::new();
            for line in list_of(&returned, "lines") {
                let condition = CONDITIONS[self.rng.usize(..CONDITIONS.len())];
                counts
                    .push(json!({ "line_no": line["line_no"], "condition": condition, "quantity": line["quantity"] }));
            }
            self.act_on_return(&returned, "receive", &json!({ "lines": counts })).await;
        }
    }

    /// An admin decides about everything that went wrong. `may_reship` also sends units again.
    async fn decide_shipments(&mut self, may_reship: bool) {
        for shipment in self.shipments().await {
            let path = format!("/admin/orders/{}/shipments/{}", self.order, id_of(&shipment));
            let (action, body) = match self.rng.u32(..3) {
                0 if may_reship => ("reship", json!({ "reason": "lost" })),
                1 => ("resolve", json!({ "outcome": "dismissed", "reason": "found" })),
                _ => ("resolve", json!({ "outcome": "closed", "reason": "refunded" })),
            };
            let path = format!("{path}/{action}");
            self.expect_answer(&path, self.admin.post(&path, &body).await);
        }
    }

    /// People do what is left to do until the order has ended and needs nobody any more.
    pub async fn settle(&self, limit: Duration) {
        let mut history = self.clone_for_settling();
        eventually(&format!("{} to end", self.name), limit, || {
            let mut history = history.split();
            async move { history.settle_once().await }
        })
        .await;
    }

    async fn settle_once(&mut self) -> Result<(), String> {
        for returned in self.returns().await.into_iter().filter(|returned| returned["status"] == "requested") {
            self.act_on_return(&returned, "approve", &json!({})).await;
        }
        self.receive_returns().await;
        let order = self.admin.order(self.order).await;
        let is_final = ["delivered", "rejected", "cancelled"].iter().any(|status| order["status"] == *status);
        if order["attention"].is_string() || !is_final {
            self.fix(&order).await;
        }
        let open_returns = self.returns().await.iter().any(is_open);
        if is_final && order["attention"].is_null() && !open_returns { Ok(()) } else { Err(order.to_string()) }
    }

    async fn fix(&mut self, order: &Value) {
        let saga = self.admin.get(&format!("/admin/sagas/{}", self.order)).await;
        let again = json!({ "generation": saga["generation"], "reason": "renewed" });
        let is_expired = order["attention"].as_str().is_some_and(|reason| reason.contains("authorization"));
        let action = if is_expired { "reauthorize" } else { "capture-again" };
        let path = format!("/admin/sagas/{}/{action}", self.order);
        self.expect_answer(&path, self.admin.post(&path, &again).await);
        for refund in list(&self.admin.get(&format!("/orders/{}/refunds", self.order)).await) {
            if refund["status"] == "refused" {
                // Another refund may have taken the amount since: then a person leaves it.
                let (action, body) = if self.rng.bool() {
                    ("retry", json!({ "reason": "renewed" }))
                } else {
                    ("resolve", json!({ "outcome": "refused", "evidence": "refunded otherwise" }))
                };
                self.post(false, &format!("/refunds/{}/{action}", id_of(refund)), &body).await;
            }
        }
        if order["attention"].is_string() {
            self.decide_shipments(false).await;
        }
    }

    async fn shipments(&self) -> Vec<Value> {
        list(&self.admin.get(&format!("/orders/{}/shipments", self.order)).await).to_vec()
    }

    async fn returns(&self) -> Vec<Value> {
        list(&self.admin.get(&format!("/returns?order_id={}", self.order)).await).to_vec()
    }

    async fn act_on_return(&self, returned: &Value, action: &str, body: &Value) {
        let path = format!("/returns/{}/{action}", id_of(returned));
        self.expect_answer(&path, self.admin.post(&path, body).await);
    }

    async fn post(&self, by_customer: bool, path: &str, body: &Value) {
        let path = format!("/orders/{}{path}", self.order);
        let client = if by_customer { &self.customer } else { &self.admin };
        self.expect_answer(&path, client.post(&path, body).await);
    }

    /// Done, or refused with a reason: never an error.
    fn expect_answer(&self, path: &str, (status, body): (StatusCode, Value)) {
        let is_refusal = [StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY].contains(&status);
        assert!(status.is_success() || is_refusal, "{}: {path}: {status} {body}", self.name);
    }

    fn clone_for_settling(&self) -> Self {
        let (customer, admin) = (self.customer.clone(), self.admin.clone());
        Self { name: self.name.clone(), rng: self.rng.clone(), customer, admin, order: self.order }
    }

    /// With a generator of its own, so that each attempt to settle draws anew.
    fn split(&mut self) -> Self {
        let rng = self.rng.fork();
        Self { rng, ..self.clone_for_settling() }
    }
}

fn is_open(returned: &Value) -> bool {
    !["closed", "declined", "cancelled", "expired"].iter().any(|ended| returned["status"] == *ended)
}

fn id_of(item: &Value) -> &str {
    item["id"].as_str().expect("an id")
}

fn list_of<'v>(item: &'v Value, member: &str) -> &'v [Value] {
    item[member].as_array().map_or(&[], Vec::as_slice)
}

const UNUSED_VOIDED: &str = "SELECT count(*) FROM orders.sagas WHERE state #>> '{authorization,state}' = 'voided'";

/// What happened, for people who read the log of a run.
pub async fn summary(system: &TestSystem) -> String {
    let mut counts = Vec::new();
    for (what, count) in [
        ("delivered", "SELECT count(*) FROM orders.orders WHERE status = 'delivered'"),
        ("cancelled", "SELECT count(*) FROM orders.orders WHERE status = 'cancelled'"),
        ("rejected", "SELECT count(*) FROM orders.orders WHERE status = 'rejected'"),
        ("shipments with cancelled lines", "SELECT count(*) FROM orders.events WHERE kind = 'lines_cancelled'"),
        ("lines that were too late", "SELECT count(*) FROM orders.events WHERE kind = 'lines_not_cancelled'"),
        ("exceptions", "SELECT count(*) FROM orders.events WHERE kind = 'shipment_exception'"),
        ("cancelled shipments moved", "SELECT count(*) FROM orders.events WHERE kind = 'cancelled_shipment_moved'"),
        ("sent again", "SELECT count(*) FROM orders.reships"),
        ("refunds", "SELECT count(*) FROM payments.refunds WHERE status = 'succeeded'"),
        ("returns closed", "SELECT count(*) FROM orders.returns WHERE status = 'closed'"),
        ("captures declined", "SELECT count(*) FROM orders.events WHERE kind = 'payment_capture_declined'"),
        ("reauthorizations", "SELECT count(*) FROM orders.events WHERE kind = 'payment_reauthorized'"),
        ("unused authorizations voided", UNUSED_VOIDED),
        ("refunds declined", "SELECT count(*) FROM orders.events WHERE kind = 'payment_refund_refused'"),
    ] {
        counts.push(format!("{what}: {}", system.count(count).await));
    }
    counts.join(", ")
}
