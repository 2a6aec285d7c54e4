//! Idempotency keys: every POST route either makes its change once per key, or refuses the key.

use crate::admin::dead_letter;
use crate::client::{ApiClient, ApiRequest, HEADPHONES, TestUser, get, post};
use crate::mini_worker::work;
use crate::refunds::deliver;
use crate::worker_fixture;
use accounts::Role;
use axum::http::StatusCode;
use domain::ids::WarehouseId;
use messaging::dead_letters::DeadLetterSink;
use operations::FailedJobs;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// Whether the route refuses a key: its responses contain tokens or secrets, which must not be stored.
fn is_refusing(path: &str) -> bool {
    path.starts_with("/api/v1/auth/") || path.starts_with("/api/v1/api-keys") || path.ends_with("/stream-ticket")
}

/// An admin, products in stock and three failed jobs.
struct Fixture {
    client: ApiClient,
    admin: TestUser,
    warehouse: WarehouseId,
}

/// Two different requests of one route, each with its path and body.
struct RequestPair {
    first: (String, Value),
    other: (String, Value),
}

impl RequestPair {
    fn new(path: impl Into<String>, first: Value, other: Value) -> Self {
        let path = path.into();
        Self { first: (path.clone(), first), other: (path, other) }
    }

    fn with_paths(first: impl Into<String>, other: impl Into<String>, body: &Value) -> Self {
        Self { first: (first.into(), body.clone()), other: (other.into(), body.clone()) }
    }
}

impl Fixture {
    async fn new(pool: PgPool) -> Self {
        let client = ApiClient::new(pool);
        let vendor = client.seed_user("vendor@orders.local", Role::Vendor).await;
        let warehouse = client.create_stock(vendor.id).await;
        let admin = client.create_user("admin", Role::Admin).await;
        let dead_letters = [dead_letter(b"{}"), dead_letter(b"[]"), dead_letter(b"0")];
        FailedJobs::new(client.pool.clone()).store(&dead_letters).await.expect("stored");
        Self { client, admin, warehouse }
    }

    /// The requests to test `route` with. `None` for a route that this table does not list yet.
    async fn request_pair(&self, route: &str) -> Option<RequestPair> {
        let reason = |reason: &str| json!({ "reason": reason });
        Some(match route {
            "/orders" => RequestPair::new(route, order(1), order(2)),
            "/orders/{id}/cancel" => {
                let path = |id: &str| format!("/orders/{id}/cancel");
                RequestPair::with_paths(path(&self.place().await), path(&self.place().await), &json!({}))
            }
            "/orders/{id}/refunds" => {
                let refund = |amount: u32| json!({ "reason": "goodwill", "amount_minor": amount });
                RequestPair::new(route.replace("{id}", &self.delivered("sim_ok").await), refund(1), refund(2))
            }
            "/orders/{id}/refunds/{refund_id}/retry" => {
                RequestPair::new(self.refused_refund(route).await, reason("renewed"), reason("forgotten"))
            }
            "/orders/{id}/refunds/{refund_id}/resolve" => {
                let resolved = |evidence: &str| json!({ "outcome": "refused", "evidence": evidence });
                RequestPair::new(self.refused_refund(route).await, resolved("called"), resolved("written"))
            }
            "/orders/{id}/returns" => self.return_requests(route).await,
            _ if route.starts_with("/returns/") => self.decisions_on_a_return(route).await,
            "/shipments/{tracking_number}/events" => {
                let number = worker_fixture::book(&self.client, &self.place().await, self.warehouse).await;
                let reported = |status: &str| json!({ "status": status });
                RequestPair::new(format!("/shipments/{number}/events"), reported("handed_over"), reported("in_transit"))
            }
            "/products" => RequestPair::new(route, product("Turntable"), product("Gramophone")),
            "/warehouses" => {
                RequestPair::new(route, json!({"code": "W", "name": "West"}), json!({"code": "W", "name": "Far"}))
            }
            "/inventory/adjustments" => RequestPair::new(route, self.received(10), self.received(11)),
            "/inventory/transfers" => {
                self.client.create_warehouse("WEST").await;
                let moved = |units: u32| {
                    json!({ "sku": HEADPHONES, "from_warehouse_code": "EAST", "to_warehouse_code": "WEST",
                            "quantity": units, "reason": "rebalancing" })
                };
                RequestPair::new(route, moved(1), moved(2))
            }
            "/admin/customers/{id}/erase" => {
                let customer = self.client.create_user("leaving", Role::Customer).await.id.to_string();
                RequestPair::new(route.replace("{id}", &customer), reason("request 7"), reason("request 8"))
            }
            "/admin/failed-jobs/{id}/replay" | "/admin/failed-jobs/{id}/discard" => {
                RequestPair::new(route.replace("{id}", &self.open_job().await), reason("fixed"), reason("not fixed"))
            }
            "/admin/replays" => RequestPair::new(route, replay("now"), replay("later")),
            "/admin/replays/{id}/cancel" => {
                let id = self.running_replay().await;
                RequestPair::new(route.replace("{id}", &id), reason("not yet"), reason("never"))
            }
            "/admin/orders/{id}/shipments/{shipment_id}/resolve" => {
                let decided = |reason: &str| json!({ "outcome": "closed", "reason": reason });
                RequestPair::new(self.lost_shipment(route).await, decided("refunded"), decided("forgotten"))
            }
            "/admin/orders/{id}/shipments/{shipment_id}/reship" => {
                RequestPair::new(self.lost_shipment(route).await, reason("lost"), reason("stolen"))
            }
            _ if route.starts_with("/admin/sagas/") => return self.action_requests(route).await,
            _ => return None,
        })
    }

    async fn action_requests(&self, route: &str) -> Option<RequestPair> {
        let order = match route.rsplit('/').next()? {
            "retry-step" => self.place().await,
            "capture-again" => self.delivered("sim_capture_declined").await,
            "reauthorize" => self.delivered("sim_auth_expires").await,
            "mark-step-done" | "abandon" => self.cancelling().await,
            _ => return None,
        };
        Some(self.saga_requests(route, &order).await)
    }

    async fn return_requests(&self, route: &str) -> RequestPair {
        let units = |quantity: u32| json!({ "reason": "other", "lines": [{ "line_no": 1, "quantity": quantity }] });
        RequestPair::new(route.replace("{id}", &self.delivered_units(2).await), units(1), units(2))
    }

    async fn decisions_on_a_return(&self, route: &str) -> RequestPair {
        let id = self.requested_return().await;
        let path = route.replace("{id}", &id);
        if !route.ends_with("/receive") {
            return RequestPair::new(path, json!({ "note": "yes" }), json!({ "note": "no" }));
        }
        let approve = post(&format!("/returns/{id}/approve")).by(&self.admin).json(&json!({}));
        self.client.send(approve).await.expect(StatusCode::OK);
        let counted = |condition: &str| json!({ "lines": [{ "line_no": 1, "quantity": 1, "condition": condition }] });
        RequestPair::new(path, counted("damaged"), counted("missing"))
    }

    async fn saga_requests(&self, route: &str, order: &str) -> RequestPair {
        let saga = self.client.send(get(&format!("/admin/sagas/{order}")).by(&self.admin)).await.expect(StatusCode::OK);
        let body = |reason: &str| json!({ "generation": saga["generation"], "reason": reason });
        RequestPair::new(route.replace("{id}", order), body("checked"), body("assumed"))
    }

    async fn place(&self) -> String {
        self.client.place(&self.admin).await
    }

    async fn delivered(&self, payment_method: &str) -> String {
        let order = json!({ "items": [{ "sku": HEADPHONES, "quantity": 1 }], "payment_method": payment_method });
        self.placed_and_delivered(&order).await
    }

    async fn delivered_units(&self, quantity: u32) -> String {
        self.placed_and_delivered(&order(quantity)).await
    }

    async fn requested_return(&self) -> String {
        let order = self.delivered_units(1).await;
        let units = json!({ "reason": "other", "lines": [{ "line_no": 1, "quantity": 1 }] });
        let request = post(&format!("/orders/{order}/returns")).by(&self.admin).json(&units);
        let requested = self.client.send(request).await.expect(StatusCode::CREATED);
        requested["items"][0]["id"].as_str().expect("an id").to_owned()
    }

    async fn placed_and_delivered(&self, order: &Value) -> String {
        let place = post("/orders").by(&self.admin).header("idempotency-key", &Uuid::now_v7().to_string()).json(order);
        let accepted = self.client.send(place).await.expect(StatusCode::ACCEPTED);
        let order = accepted["order_id"].as_str().expect("an id").to_owned();
        deliver(&self.client, &self.admin, &order).await;
        order
    }

    /// The path of a refund that the gateway refused.
    async fn refused_refund(&self, route: &str) -> String {
        let order = self.delivered("sim_refund_declined").await;
        let refund = post(&format!("/orders/{order}/refunds")).by(&self.admin).json(&json!({ "reason": "lost" }));
        let refund = self.client.send(refund).await.expect(StatusCode::ACCEPTED);
        work(&self.client).await;
        route.replace("{id}", &order).replace("{refund_id}", refund["id"].as_str().expect("an id"))
    }

    /// The path of a shipment that its carrier reported lost.
    async fn lost_shipment(&self, route: &str) -> String {
        let order = self.place().await;
        work(&self.client).await;
        let shipments = get(&format!("/orders/{order}/shipments")).by(&self.admin);
        let shipments = self.client.send(shipments).await.expect(StatusCode::OK);
        let shipment = shipments["items"][0]["id"].as_str().expect("an id");
        let lost = post(&format!("/shipments/{shipment}/events")).by(&self.admin).json(&json!({ "status": "lost" }));
        self.client.send(lost).await.expect(StatusCode::OK);
        work(&self.client).await;
        route.replace("{id}", &order).replace("{shipment_id}", shipment)
    }

    async fn cancelling(&self) -> String {
        let order = self.place().await;
        let cancel = post(&format!("/orders/{order}/cancel")).by(&self.admin);
        self.client.send(cancel).await.expect(StatusCode::ACCEPTED);
        order
    }

    fn received(&self, quantity: u32) -> Value {
        let (kind, reason) = ("received", "Delivery note 4711");
        json!({ "sku": HEADPHONES, "warehouse_id": self.warehouse, "kind": kind, "quantity": quantity, "reason": reason })
    }

    async fn first_of(&self, path: &str) -> String {
        let page = self.client.send(get(path).by(&self.admin)).await.expect(StatusCode::OK);
        page["items"][0]["id"].as_str().expect("an id").to_owned()
    }

    async fn open_job(&self) -> String {
        self.first_of("/admin/failed-jobs?status=open").await
    }

    /// Starts a replay, unless the one of an earlier pair is still running.
    async fn running_replay(&self) -> String {
        let started = post("/admin/replays").by(&self.admin).json(&replay("once more"));
        let started = self.client.send(started).await;
        assert!(matches!(started.status, StatusCode::ACCEPTED | StatusCode::CONFLICT), "{}", started.body);
        self.first_of("/admin/replays").await
    }

    /// The number of changes so far: each leaves an audit record or an order; sending a shipment again leaves both.
    async fn changes(&self) -> i64 {
        let count = "SELECT (SELECT count(*) FROM operations.audit_log) + (SELECT count(*) FROM orders.orders)
                            - (SELECT count(*) FROM orders.reships)";
        sqlx::query_scalar(count).fetch_one(&self.client.pool).await.expect("a count")
    }

    fn request(&self, (path, body): &(String, Value), key: &str) -> ApiRequest {
        post(path).by(&self.admin).header("idempotency-key", key).json(body)
    }
}

fn order(quantity: u32) -> Value {
    json!({ "items": [{ "sku": HEADPHONES, "quantity": quantity }] })
}

fn product(name: &str) -> Value {
    json!({ "sku": "SKU-TURNTABLE", "name": name, "price": { "amount_minor": 19_900, "currency": "USD" } })
}

fn replay(reason: &str) -> Value {
    json!({ "queue": "payments", "reason": reason })
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_post_repeated_under_one_key_makes_its_change_once(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let posts = fixture.client.openapi.operations().into_iter().filter(|one| one.method == "post");

    for route in posts.map(|post| post.path).filter(|path| !is_refusing(path)) {
        let pair = fixture.request_pair(route.trim_start_matches("/api/v1")).await;
        let pair = pair.unwrap_or_else(|| panic!("POST {route} is missing in `request_pair`"));
        let before = fixture.changes().await;

        let first = fixture.client.send(fixture.request(&pair.first, "once")).await;
        let again = fixture.client.send(fixture.request(&pair.first, "once")).await;

        assert!(first.status.is_success(), "POST {route}: {} {}", first.status, first.body);
        assert!(!first.headers.contains_key("idempotent-replayed"), "POST {route}");
        assert!(again.headers.get("idempotent-replayed").is_some_and(|value| value == "true"), "POST {route}");
        assert_eq!((again.status, &again.body), (first.status, &first.body), "POST {route}");
        assert_eq!(again.headers.get("location"), first.headers.get("location"), "POST {route}");
        assert_eq!(fixture.changes().await, before + 1, "POST {route} changed more than once");
        let other = fixture.client.send(fixture.request(&pair.other, "once")).await;
        other.expect_problem(422, "idempotency-key-reused");
        assert_eq!(fixture.changes().await, before + 1, "POST {route}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_route_without_support_for_keys_refuses_them(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let accepts_key = |definition: &Value| {
        definition["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"))
    };

    for operation in fixture.client.openapi.operations() {
        let keyed = operation.method == "post" && !is_refusing(operation.path);
        assert_eq!(accepts_key(operation.definition), keyed, "{}", operation.name());
        if keyed {
            continue;
        }
        let method = operation.method.to_uppercase().parse().expect("a method");
        let path = operation.path.split('/').map(|part| if part.starts_with('{') { "X" } else { part });
        let request = ApiRequest::new(method, &path.collect::<Vec<_>>().join("/"))
            .by(&fixture.admin)
            .header("idempotency-key", "k");
        let refused = fixture.client.send(request).await;
        assert_eq!(refused.pointers(), ["idempotency-key"], "{}", operation.name());
        refused.expect_problem(400, "idempotency-key-unsupported");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_is_scoped_to_its_caller_and_route(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let other = fixture.client.create_user("other", Role::Admin).await;
    let adjust = || ("/inventory/adjustments".to_owned(), fixture.received(10));
    let before = fixture.changes().await;

    fixture.client.send(fixture.request(&adjust(), "k")).await.expect(StatusCode::CREATED);
    let (path, body) = adjust();
    let of_other = fixture.client.send(post(&path).by(&other).header("idempotency-key", "k").json(&body)).await;
    let of_route = fixture.client.send(fixture.request(&("/products".into(), product("Turntable")), "k")).await;

    for response in [of_other, of_route] {
        assert!(!response.headers.contains_key("idempotent-replayed"));
        response.expect(StatusCode::CREATED);
    }
    assert_eq!(fixture.changes().await, before + 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_error_response_is_not_stored_and_an_invalid_key_is_refused(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let too_many = (
        "/inventory/adjustments".to_owned(),
        json!({
            "sku": HEADPHONES, "warehouse_id": fixture.warehouse, "quantity": -1_000, "reason": "counted"
        }),
    );
    let few = ("/inventory/adjustments".to_owned(), fixture.received(1));

    fixture.client.send(fixture.request(&too_many, "k")).await.expect_problem(409, "insufficient-stock");
    fixture.client.send(fixture.request(&few, "k")).await.expect(StatusCode::CREATED);
    for bad in ["", "a b", &"x".repeat(256)] {
        fixture.client.send(fixture.request(&few, bad)).await.expect_problem(400, "idempotency-key-invalid");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_duplicates_make_one_change(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let before = fixture.changes().await;
    let receive = ("/inventory/adjustments".to_owned(), fixture.received(10));

    let responses =
        futures::future::join_all((0..8).map(|_| fixture.client.send(fixture.request(&receive, "k")))).await;

    let replayed = |response: &&crate::client::ApiResponse| response.headers.contains_key("idempotent-replayed");
    assert_eq!(responses.iter().filter(replayed).count(), 7);
    let bodies: Vec<_> = responses.into_iter().map(|response| response.expect(StatusCode::CREATED)).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(fixture.changes().await, before + 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_duplicate_that_waits_too_long_gets_409_and_there_is_one_change(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let before = fixture.changes().await;
    let mut first = platform::postgres::begin(&fixture.client.pool).await.expect("begun");
    let lock = "INSERT INTO operations.idempotent_responses
                VALUES ($1, 'POST /api/v1/inventory/adjustments', 'k', '', 201, NULL, '', now())";
    sqlx::query(lock).bind(fixture.admin.id.as_uuid()).execute(&mut *first).await.expect("stored");
    let short_lock_timeout = (*fixture.client.pool.connect_options()).clone().options([("lock_timeout", "100ms")]);
    let client = ApiClient::new(PgPool::connect_lazy_with(short_lock_timeout));

    let receive = ("/inventory/adjustments".to_owned(), fixture.received(10));
    let response = client.send(fixture.request(&receive, "k")).await;

    assert_eq!(response.headers["retry-after"], "1");
    response.expect_problem(409, "request-in-progress");
    first.rollback().await.expect("rolled back");
    assert_eq!(fixture.changes().await, before);
    client.send(fixture.request(&receive, "k")).await.expect(StatusCode::CREATED);
    client.pool.close().await;
}
