//! Metrics and logs of orders: metrics count each step, log lines contain the ids, and neither contains a secret.

use domain::messages::Queue;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;
use strum::VariantNames;
use system_tests::{NewOrder, Role, SeedProduct, TestSystem, eventually, settings};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);
const ROLES: [Role; 3] = [Role::Api, Role::Worker, Role::Scheduler];
/// The request log, every event of our own code, and all events of the broker's client.
const LOG_FILTER: &str = "debug,lapin=trace,amq_protocol_tcp=trace,sqlx=warn,hyper=warn,hyper_util=warn";

#[tokio::test]
async fn every_process_counts_an_order_as_it_moves() {
    let described =
        TestSystem::of("metrics").product(SeedProduct::of("SKU-COUNTED", 10)).product(SeedProduct::of("SKU-NONE", 0));
    let system = described.start().await;
    let client = system.client().signed_up("counted").await;
    let (api, worker) = (system.scrape(Role::Api).await, system.scrape(Role::Worker).await);

    let id = client.place_accepted(&NewOrder::of("SKU-COUNTED", 1)).await;
    client.wait_until(id, "confirmed", LIMIT).await;
    until_a_saga_is_delivering(&system).await;
    let refused = client.place_accepted(&NewOrder::of("SKU-NONE", 1)).await;
    client.wait_until(refused, "rejected", LIMIT).await;
    client.cancel(id).await;
    client.wait_until(id, "cancelled", LIMIT).await;

    let posted = [("method", "POST"), ("route", "/api/v1/orders"), ("status", "202")];
    let intake = [
        ("http_requests_total", &posted[..], 2.0),
        ("http_request_duration_seconds_count", &posted[..2], 2.0),
        ("orderflow_intake_orders_total", &[("outcome", "accepted")], 2.0),
        ("orderflow_intake_batch_orders_sum", &[], 2.0),
        ("orderflow_intake_batch_duration_seconds_count", &[], 2.0),
        ("orderflow_intake_waiting_orders", &[], 0.0),
    ];
    system.until_grown(Role::Api, &api, &intake, LIMIT).await;
    let handled = [
        ("orderflow_orders_ended_total", &[("status", "confirmed"), ("reason", "none")][..], 1.0),
        ("orderflow_orders_ended_total", &[("status", "rejected"), ("reason", "out_of_stock")], 1.0),
        ("orderflow_orders_ended_total", &[("status", "cancelled"), ("reason", "mistake")], 1.0),
        ("orderflow_order_duration_seconds_count", &[("status", "confirmed")], 1.0),
        ("orderflow_provider_calls_total", &[("operation", "authorize"), ("outcome", "answered")], 1.0),
        ("orderflow_provider_calls_total", &[("operation", "void"), ("outcome", "answered")], 1.0),
        ("orderflow_provider_calls_total", &[("provider", "simulated_carrier"), ("operation", "book")], 1.0),
        ("orderflow_provider_call_duration_seconds_count", &[("operation", "authorize")], 1.0),
        ("orderflow_messages_total", &[("queue", "inventory"), ("outcome", "handled")], 3.0),
        ("orderflow_messages_total", &[("queue", "payments"), ("outcome", "handled")], 2.0),
        ("orderflow_messages_total", &[("queue", "shipping"), ("outcome", "handled")], 2.0),
        ("orderflow_batch_messages_sum", &[("queue", "orders")], 7.0),
        ("orderflow_messages_total", &[("outcome", "retried")], 0.0),
        ("orderflow_messages_total", &[("outcome", "dead")], 0.0),
    ];
    system.until_grown(Role::Worker, &worker, &handled, LIMIT).await;
    expect_no_order_in_labels(&system, &[id, refused]).await;
    system.finish().await;
}

/// The scheduler measures open sagas and the outbox every few seconds.
async fn until_a_saga_is_delivering(system: &TestSystem) {
    eventually("the scheduler to measure a saga that waits for its carrier", LIMIT, || async {
        let scrape = system.scrape(Role::Scheduler).await;
        let delivering = scrape.sum("orderflow_sagas_open", &[("phase", "delivering")]);
        let oldest = scrape.sum("orderflow_saga_oldest_seconds", &[("phase", "delivering")]);
        let outbox = scrape.sum("orderflow_outbox_messages", &[]);
        let seen = delivering == Some(1.0) && oldest > Some(0.0) && outbox == Some(0.0);
        if seen { Ok(()) } else { Err(format!("{scrape:#?}")) }
    })
    .await;
}

/// A label with an id would add a series per order, until the process runs out of memory.
async fn expect_no_order_in_labels(system: &TestSystem, orders: &[Uuid]) {
    for role in ROLES {
        let scrape = system.scrape(role).await;
        let named = scrape.series().filter(|series| orders.iter().any(|order| series.contains(&order.to_string())));
        assert_eq!(named.collect::<Vec<_>>(), [""; 0], "{role:?}");
        let process = scrape.sum("orderflow_build_info", &[("process", role.binary())]);
        let memory = scrape.sum("process_resident_memory_bytes", &[]);
        let pool = scrape.sum("orderflow_pool_connections_max", &[]);
        let live = reqwest::get(format!("{}/system/health/live", system.metrics_url(role))).await.expect("a response");
        assert_eq!(live.json::<Value>().await.expect("JSON"), json!({ "status": "ok" }), "{role:?}");
        assert!(process == Some(1.0) && memory > Some(0.0) && pool > Some(0.0), "{role:?}: {scrape:#?}");
    }
}

#[tokio::test]
async fn logs_contain_the_ids_of_orders_and_no_secret() {
    let system = TestSystem::of("logs").setting("RUST_LOG", LOG_FILTER).product(SeedProduct::of("SKU-LOGGED", 10));
    let mut system = system.start().await;
    let canary = Canary::new();

    let (id, mut secrets) = canary.use_secrets(system.api_url()).await;
    secrets.extend([settings::SECRET_KEY.to_owned(), settings::MESSAGE_SIGNING_KEY.to_owned()]);
    secrets.extend([login_in(&system.database.url), login_in(&system.broker.url)]);
    system.client().ready().await;
    secrets.push(canary.note_as_decimal_bytes());
    refused_by_the_broker(&mut system, canary.note).await;
    let message = json!({ "id": Uuid::now_v7(), "type": "inventory.release.v1", "time": "2026-01-01T00:00:00Z",
        "subject": id, "correlation_id": "a-poisonous-one", "data": canary.note });
    system.expect_failed_jobs(1);
    // The error, which is logged, quotes all of the note.
    system.broker.publish_raw(&Queue::Inventory.to_string(), message.to_string().as_bytes()).await;
    until_logged(&mut system, Role::Worker, "the dead letter", |line| {
        line["order.id"] == id.to_string() && line["correlation_id"] == "a-poisonous-one" && line["level"] == "ERROR"
    })
    .await;
    system.until_failed_jobs(1, LIMIT).await;
    let error = sqlx::query_scalar("SELECT error FROM operations.failed_jobs").fetch_one(system.pool());
    let error: String = error.await.expect("a failed job");
    assert!(error.contains(canary.note), "{error}");

    until_logged(&mut system, Role::Api, "the request", |line| {
        line["order.id"] == id.to_string()
            && line["route"] == "/api/v1/orders"
            && line["request_id"] == canary.request_id
            && line["correlation_id"] == canary.request_id
            && line["duration_ms"].is_number()
            && line["client.address"] == "127.0.0.1"
            && line["user.id"].is_string()
    })
    .await;
    for event in ["signed_up", "login_failed", "role_refused"] {
        until_logged(&mut system, Role::Api, event, |line| {
            line["target"] == "security" && line["event"] == event && line["client.address"] == "127.0.0.1"
        })
        .await;
    }
    for queue in Queue::VARIANTS {
        until_logged(&mut system, Role::Worker, queue, |line| {
            line["queue"] == *queue && line["order.id"] == id.to_string() && line["correlation_id"] == canary.request_id
        })
        .await;
    }
    for process in system.processes() {
        let log = process.log();
        let leaked: Vec<_> = secrets.iter().filter(|secret| log.contains(secret.as_str())).collect();
        assert!(leaked.is_empty(), "{:?} logs {leaked:?}", process.role);
        assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{:?}", process.role);
    }
    system.finish().await;
}

/// Inserts a message that is bound to no queue into the outbox, and deletes it once a relay has logged the refusal.
async fn refused_by_the_broker(system: &mut TestSystem, data: &str) {
    let message = json!({ "id": Uuid::now_v7(), "type": "inventory.levitate.v1", "data": data }).to_string();
    let unroutable = "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
                      VALUES (gen_random_uuid(), 'orderflow.commands', 'nowhere.inventory', 'inventory.levitate.v1', $1)
                      RETURNING seq";
    let seq: i64 = sqlx::query_scalar(unroutable).bind(message).fetch_one(system.pool()).await.expect("inserted");
    let refusal = |line: &str| line.contains("NO_ROUTE") && line.contains("nowhere.inventory");
    eventually("a relay to log the refusal", LIMIT, || async {
        let logs: String = system.logs().collect();
        if logs.lines().any(refusal) { Ok(()) } else { Err("none has".to_owned()) }
    })
    .await;
    let delete = sqlx::query("DELETE FROM messaging.outbox WHERE seq = $1").bind(seq);
    delete.execute(system.pool()).await.expect("deleted");
}

/// Waits for a line in the log of `role` for which `matches` is true.
async fn until_logged(system: &mut TestSystem, role: Role, what: &str, matches: impl Fn(&Value) -> bool) {
    let process = system.one(role);
    eventually(&format!("{role:?} to log {what}"), LIMIT, || async {
        let log = process.log();
        let mut lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
        if lines.any(|line: Value| matches(&line)) { Ok(()) } else { Err(process.log_tail()) }
    })
    .await;
}

/// `user:password@`: the password alone may be a word that occurs elsewhere.
fn login_in(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_scheme, rest)| rest);
    let (login, _) = rest.split_once('@').expect("the URL names a user");
    format!("{login}@")
}

/// A user whose data are recognizable in a log.
struct Canary {
    email: &'static str,
    password: &'static str,
    wrong_password: &'static str,
    note: &'static str,
    request_id: &'static str,
}

impl Canary {
    fn new() -> Self {
        Self {
            email: "canary-bird@example.com",
            password: "Canary passphrase 41",
            wrong_password: "Canary passphrase 42",
            note: "ring twice, the canary sleeps",
            request_id: "canary-request-1",
        }
    }

    /// The note as the broker's client would log the body of a message.
    fn note_as_decimal_bytes(&self) -> String {
        self.note.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ")
    }

    /// Makes every request that contains a secret. Returns the id of the order that was placed, and all secrets.
    async fn use_secrets(&self, api: &str) -> (Uuid, Vec<String>) {
        let http = reqwest::Client::new();
        let post = |path: &str, body: &Value| http.post(format!("{api}/api/v1{path}")).json(body);
        let login = json!({ "email": self.email, "password": self.password });
        send(post("/auth/signup", &login), StatusCode::CREATED).await;
        send(post("/auth/signup", &login), StatusCode::CONFLICT).await;
        let session = send(post("/auth/login", &login), StatusCode::OK).await;
        let wrong = json!({ "email": self.email, "password": self.wrong_password });
        send(post("/auth/login", &wrong), StatusCode::UNAUTHORIZED).await;
        let tasks = http.get(format!("{api}/api/v1/admin/tasks"));
        send(tasks.bearer_auth(session["access_token"].as_str().expect("a token")), StatusCode::FORBIDDEN).await;
        let malformed = json!({ "email": [self.email], "password": self.password, "more": self.note });
        send(post("/auth/login", &malformed), StatusCode::UNPROCESSABLE_ENTITY).await;
        let refreshed =
            send(post("/auth/refresh", &json!({ "refresh_token": session["refresh_token"] })), StatusCode::OK);
        let refreshed = refreshed.await;

        let mut secrets: Vec<_> = [self.email, self.password, self.wrong_password, self.note].map(str::to_owned).into();
        for (session, token) in
            [&session, &refreshed].into_iter().flat_map(|it| [(it, "access_token"), (it, "refresh_token")])
        {
            secrets.push(session[token].as_str().expect("a token").to_owned());
        }
        let order = json!({ "items": [{ "sku": "SKU-LOGGED", "quantity": 1 }], "note": self.note });
        let order = post("/orders", &order).bearer_auth(&secrets[4]).header("x-request-id", self.request_id);
        let placed = send(order.header("idempotency-key", Uuid::now_v7().to_string()), StatusCode::ACCEPTED).await;
        (placed["order_id"].as_str().and_then(|id| id.parse().ok()).expect("an order's id"), secrets)
    }
}

async fn send(request: RequestBuilder, expected: StatusCode) -> Value {
    let response = request.send().await.expect("the api responds");
    let status = response.status();
    let body = response.json().await.unwrap_or(Value::Null);
    assert_eq!(status, expected, "{body}");
    body
}

#[test]
fn a_metrics_port_that_is_in_use_fails_the_start_with_the_name_of_the_setting() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it has an address").port().to_string();

    for (binary, variable) in [("worker", "WORKER_METRICS_PORT"), ("scheduler", "SCHEDULER_METRICS_PORT")] {
        let output = Command::new(settings::binaries().join(binary))
            .env_clear()
            .env("DATABASE_URL", "postgres://nowhere/nothing")
            .env("RABBITMQ_URL", "amqp://nowhere")
            .env(variable, &port)
            .output()
            .expect("the binary is built");

        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(variable) && error.contains(&port), "{binary}: {error}");
    }
}

#[test]
fn a_log_filter_that_can_not_be_parsed_is_named_with_the_other_errors() {
    for binary in ["api", "worker", "scheduler"] {
        let output = Command::new(settings::binaries().join(binary))
            .env_clear()
            .env("DATABASE_URL", "postgres://nowhere/nothing")
            .env("RUST_LOG", "info,sqlx=loud")
            .output()
            .expect("the binary is built");

        let error = String::from_utf8_lossy(&output.stderr);
        let named = ["RUST_LOG", "RABBITMQ_URL must be set"].iter().all(|problem| error.contains(problem));
        assert!(output.status.code() == Some(2) && named, "{binary}: {error}");
    }
}
