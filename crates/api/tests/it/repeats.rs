//! Every POST of the description changes once however often it is repeated under one key, or refuses the key.

use crate::admin::letter;
use crate::client::{Ask, Door, HEADPHONES, Person, get, post};
use crate::worker_fixture;
use accounts::Role;
use axum::http::StatusCode;
use domain::ids::WarehouseId;
use messaging::dead_letters::DeadLetterSink;
use operations::FailedJobs;
use serde_json::{Value, json};
use sqlx::PgPool;

/// Tokens must not be stored, so nothing here can be answered again.
const REFUSING: &str = "/api/v1/auth/";

/// An admin in a shop where something failed.
struct Shop {
    door: Door,
    admin: Person,
    warehouse: WarehouseId,
}

/// A request, and another one of the same route.
struct Row {
    first: (String, Value),
    other: (String, Value),
}

impl Row {
    fn of(path: impl Into<String>, first: Value, other: Value) -> Self {
        let path = path.into();
        Self { first: (path.clone(), first), other: (path, other) }
    }

    fn of_two(first: impl Into<String>, other: impl Into<String>, body: &Value) -> Self {
        Self { first: (first.into(), body.clone()), other: (other.into(), body.clone()) }
    }
}

impl Shop {
    async fn open(pool: PgPool) -> Self {
        let door = Door::open(pool);
        let vendor = door.seed_user("vendor@orders.local", Role::Vendor).await;
        let warehouse = door.stock(vendor.id).await;
        let admin = door.person("admin", Role::Admin).await;
        let letters = [letter(b"{}"), letter(b"[]"), letter(b"0")];
        FailedJobs::new(door.pool.clone()).store(&letters).await.expect("kept");
        Self { door, admin, warehouse }
    }

    /// What to ask `route` for. None: nobody has said yet how it is repeated.
    async fn row(&self, route: &str) -> Option<Row> {
        let why = |reason: &str| json!({ "reason": reason });
        Some(match route {
            "/orders" => Row::of(route, order(1), order(2)),
            "/orders/{id}/cancel" => {
                let path = |id: &str| format!("/orders/{id}/cancel");
                Row::of_two(path(&self.place().await), path(&self.place().await), &json!({}))
            }
            "/shipments/{tracking_number}/events" => {
                let number = worker_fixture::book(&self.door, &self.place().await, self.warehouse).await;
                let reported = |status: &str| json!({ "status": status });
                Row::of(format!("/shipments/{number}/events"), reported("handed_over"), reported("in_transit"))
            }
            "/products" => Row::of(route, product("Turntable"), product("Gramophone")),
            "/warehouses" => Row::of(route, json!({"code": "W", "name": "West"}), json!({"code": "W", "name": "Far"})),
            "/inventory/adjustments" => Row::of(route, self.received(10), self.received(11)),
            "/admin/failed-jobs/{id}/replay" | "/admin/failed-jobs/{id}/discard" => {
                Row::of(route.replace("{id}", &self.open_job().await), why("mended"), why("or not"))
            }
            "/admin/replays" => Row::of(route, replay("now"), replay("later")),
            "/admin/replays/{id}/cancel" => {
                let id = self.running_replay().await;
                Row::of(route.replace("{id}", &id), why("not yet"), why("never"))
            }
            "/admin/sagas/{id}/retry-step" => self.saga_row(route, &self.place().await).await,
            "/admin/sagas/{id}/mark-step-done" | "/admin/sagas/{id}/abandon" => {
                self.saga_row(route, &self.cancelling().await).await
            }
            _ => return None,
        })
    }

    async fn saga_row(&self, route: &str, order: &str) -> Row {
        let saga = self.door.send(get(&format!("/admin/sagas/{order}")).of(&self.admin)).await.expect(StatusCode::OK);
        let why = |reason: &str| json!({ "generation": saga["generation"], "reason": reason });
        Row::of(route.replace("{id}", order), why("I saw it"), why("I think so"))
    }

    async fn place(&self) -> String {
        self.door.place(&self.admin).await
    }

    async fn cancelling(&self) -> String {
        let order = self.place().await;
        let cancel = post(&format!("/orders/{order}/cancel")).of(&self.admin);
        self.door.send(cancel).await.expect(StatusCode::ACCEPTED);
        order
    }

    fn received(&self, quantity: u32) -> Value {
        let (kind, reason) = ("received", "Delivery note 4711");
        json!({ "sku": HEADPHONES, "warehouse_id": self.warehouse, "kind": kind, "quantity": quantity, "reason": reason })
    }

    async fn first_of(&self, path: &str) -> String {
        let page = self.door.send(get(path).of(&self.admin)).await.expect(StatusCode::OK);
        page["items"][0]["id"].as_str().expect("an id").to_owned()
    }

    async fn open_job(&self) -> String {
        self.first_of("/admin/failed-jobs?status=open").await
    }

    /// One may run already: it was started by the row before.
    async fn running_replay(&self) -> String {
        let started = post("/admin/replays").of(&self.admin).json(&replay("once more"));
        let started = self.door.send(started).await;
        assert!(matches!(started.status, StatusCode::ACCEPTED | StatusCode::CONFLICT), "{}", started.body);
        self.first_of("/admin/replays").await
    }

    /// Each change leaves one of these.
    async fn changes(&self) -> i64 {
        let count = "SELECT (SELECT count(*) FROM operations.audit_log) + (SELECT count(*) FROM orders.orders)";
        sqlx::query_scalar(count).fetch_one(&self.door.pool).await.expect("a count")
    }

    fn ask(&self, (path, body): &(String, Value), key: &str) -> Ask {
        post(path).of(&self.admin).header("idempotency-key", key).json(body)
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
async fn every_post_repeated_under_one_key_changes_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let posts = shop.door.description.operations().into_iter().filter(|one| one.method == "post");

    for route in posts.map(|post| post.path).filter(|path| !path.starts_with(REFUSING)) {
        let row = shop.row(route.trim_start_matches("/api/v1")).await;
        let row = row.unwrap_or_else(|| panic!("POST {route} has no row here: how is it repeated under a key?"));
        let before = shop.changes().await;

        let first = shop.door.send(shop.ask(&row.first, "once")).await;
        let again = shop.door.send(shop.ask(&row.first, "once")).await;

        assert!(first.status.is_success(), "POST {route}: {} {}", first.status, first.body);
        assert!(!first.headers.contains_key("idempotent-replayed"), "POST {route}");
        assert!(again.headers.get("idempotent-replayed").is_some_and(|told| told == "true"), "POST {route}");
        assert_eq!((again.status, &again.body), (first.status, &first.body), "POST {route}");
        assert_eq!(again.headers.get("location"), first.headers.get("location"), "POST {route}");
        assert_eq!(shop.changes().await, before + 1, "POST {route} changed more than once");
        let other = shop.door.send(shop.ask(&row.other, "once")).await;
        other.expect_problem(422, "idempotency-key-reused");
        assert_eq!(shop.changes().await, before + 1, "POST {route}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_that_nobody_would_honour_is_refused_by_name(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let takes_key = |told: &Value| {
        told["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"))
    };

    for operation in shop.door.description.operations() {
        let keyed = operation.method == "post" && !operation.path.starts_with(REFUSING);
        assert_eq!(takes_key(operation.told), keyed, "{}", operation.name());
        if keyed {
            continue;
        }
        let method = operation.method.to_uppercase().parse().expect("a method");
        let path = operation.path.split('/').map(|part| if part.starts_with('{') { "X" } else { part });
        let ask = Ask::new(method, &path.collect::<Vec<_>>().join("/")).of(&shop.admin).header("idempotency-key", "k");
        let refused = shop.door.send(ask).await;
        assert_eq!(refused.pointers(), ["idempotency-key"], "{}", operation.name());
        refused.expect_problem(400, "idempotency-key-unsupported");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_is_its_callers_and_its_routes_own(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let other = shop.door.person("other", Role::Admin).await;
    let adjust = || ("/inventory/adjustments".to_owned(), shop.received(10));
    let before = shop.changes().await;

    shop.door.send(shop.ask(&adjust(), "k")).await.expect(StatusCode::CREATED);
    let (path, body) = adjust();
    let of_other = shop.door.send(post(&path).of(&other).header("idempotency-key", "k").json(&body)).await;
    let of_route = shop.door.send(shop.ask(&("/products".into(), product("Turntable")), "k")).await;

    for answer in [of_other, of_route] {
        assert!(!answer.headers.contains_key("idempotent-replayed"));
        answer.expect(StatusCode::CREATED);
    }
    assert_eq!(shop.changes().await, before + 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refusal_is_not_remembered_and_a_bad_key_is_none(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let too_many = (
        "/inventory/adjustments".to_owned(),
        json!({
            "sku": HEADPHONES, "warehouse_id": shop.warehouse, "quantity": -1_000, "reason": "counted"
        }),
    );
    let few = ("/inventory/adjustments".to_owned(), shop.received(1));

    shop.door.send(shop.ask(&too_many, "k")).await.expect_problem(409, "insufficient-stock");
    shop.door.send(shop.ask(&few, "k")).await.expect(StatusCode::CREATED);
    for bad in ["", "a b", &"x".repeat(256)] {
        shop.door.send(shop.ask(&few, bad)).await.expect_problem(400, "idempotency-key-invalid");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn twins_at_the_same_moment_change_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let before = shop.changes().await;
    let receive = ("/inventory/adjustments".to_owned(), shop.received(10));

    let answers = futures::future::join_all((0..8).map(|_| shop.door.send(shop.ask(&receive, "k")))).await;

    let replayed = |answer: &&crate::client::Answer| answer.headers.contains_key("idempotent-replayed");
    assert_eq!(answers.iter().filter(replayed).count(), 7);
    let bodies: Vec<_> = answers.into_iter().map(|answer| answer.expect(StatusCode::CREATED)).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(shop.changes().await, before + 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_twin_that_takes_too_long_is_answered_409_and_the_effect_stays_single(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let before = shop.changes().await;
    let mut twin = platform::postgres::begin(&shop.door.pool).await.expect("begun");
    let lock = "INSERT INTO operations.answers
                VALUES ($1, 'POST /api/v1/inventory/adjustments', 'k', '', 201, NULL, '', now())";
    sqlx::query(lock).bind(shop.admin.id.as_uuid()).execute(&mut *twin).await.expect("stored");
    let impatient = (*shop.door.pool.connect_options()).clone().options([("lock_timeout", "100ms")]);
    let door = Door::open(PgPool::connect_lazy_with(impatient));

    let receive = ("/inventory/adjustments".to_owned(), shop.received(10));
    let answer = door.send(shop.ask(&receive, "k")).await;

    assert_eq!(answer.headers["retry-after"], "1");
    answer.expect_problem(409, "request-in-progress");
    twin.rollback().await.expect("rolled back");
    assert_eq!(shop.changes().await, before);
    door.send(shop.ask(&receive, "k")).await.expect(StatusCode::CREATED);
    door.pool.close().await;
}
