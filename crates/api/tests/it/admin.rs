//! Admin routes: failed jobs, the audit log, scheduled tasks and running processes.

use crate::client::{ApiClient, ApiRequest, ApiResponse, TestUser, get, post};
use accounts::Role;
use axum::http::{Method, StatusCode};
use domain::ids::MessageId;
use domain::messages::Queue;
use messaging::dead_letters::{DeadLetter, DeadLetterSink};
use operations::FailedJobs;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// A dead-lettered message with this payload.
pub fn dead_letter(payload: &[u8]) -> DeadLetter {
    DeadLetter {
        queue: Queue::Payments,
        message_id: MessageId::from_uuid(Uuid::now_v7()),
        type_name: "payment.void.v1".to_owned(),
        header: None,
        payload: payload.to_vec(),
        headers: json!({ "x-attempt": 6 }),
        error: "the gateway is gone".to_owned(),
        attempts: 6,
    }
}

/// A client and an admin, with a failed job for each of `dead_letters`.
pub async fn setup(pool: PgPool, dead_letters: &[DeadLetter]) -> (ApiClient, TestUser) {
    let client = ApiClient::new(pool);
    let admin = client.create_user("admin", Role::Admin).await;
    FailedJobs::new(client.pool.clone()).store(dead_letters).await.expect("stored");
    (client, admin)
}

fn items(body: &Value) -> &[Value] {
    body["items"].as_array().expect("a page")
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_failed_job_is_found_and_replayed_once(pool: PgPool) {
    let (client, admin) = setup(pool, &[dead_letter(br#"{"why":"test"}"#)]).await;
    let page =
        client.send(get("/admin/failed-jobs?status=open&queue=payments").by(&admin)).await.expect(StatusCode::OK);
    let job = &items(&page)[0];
    let path = format!("/admin/failed-jobs/{}", job["id"].as_str().expect("an id"));

    let detail = client.send(get(&path).by(&admin)).await.expect(StatusCode::OK);
    assert_eq!(detail["job"]["id"], job["id"]);
    assert_eq!((&detail["payload"], &detail["headers"]), (&json!({ "why": "test" }), &json!({ "x-attempt": 6 })));
    let reason = json!({ "reason": "the gateway is back" });
    for _ in 0..2 {
        let request = post(&format!("{path}/replay")).by(&admin).json(&reason);
        let replayed = client.send(request).await.expect(StatusCode::OK);
        assert_eq!((&replayed["status"], &replayed["replays"]), (&json!("replayed"), &json!(1)));
        assert_eq!(replayed["decision"]["reason"], "the gateway is back");
    }
    client.send(post(&format!("{path}/discard")).by(&admin).json(&reason)).await.expect_problem(409, "invalid-state");
    let open = client.send(get("/admin/failed-jobs?status=open").by(&admin)).await.expect(StatusCode::OK);
    assert_eq!(items(&open), [] as [Value; 0]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_binary_message_can_be_shown_and_discarded_but_not_replayed(pool: PgPool) {
    let (client, admin) = setup(pool, &[dead_letter(b"\xff\0")]).await;
    let page = client.send(get("/admin/failed-jobs").by(&admin)).await.expect(StatusCode::OK);
    let path = format!("/admin/failed-jobs/{}", items(&page)[0]["id"].as_str().expect("an id"));
    let reason = json!({ "reason": "noise" });

    assert_eq!(client.send(get(&path).by(&admin)).await.expect(StatusCode::OK)["payload"], "\u{fffd}\0");
    client.send(post(&format!("{path}/replay")).by(&admin).json(&reason)).await.expect_problem(409, "invalid-state");
    let discarded = client.send(post(&format!("{path}/discard")).by(&admin).json(&reason)).await.expect(StatusCode::OK);
    assert_eq!(discarded["status"], "discarded");
}

#[sqlx::test(migrations = "../../migrations")]
async fn failed_jobs_are_listed_in_pages_and_an_invalid_filter_is_refused(pool: PgPool) {
    let dead_letters: Vec<_> = (0..5).map(|number| dead_letter(format!("{number}").as_bytes())).collect();
    let (client, admin) = setup(pool, &dead_letters).await;

    let mut seen = Vec::new();
    let mut path = "/admin/failed-jobs?limit=2".to_owned();
    loop {
        let page = client.send(get(&path).by(&admin)).await.expect(StatusCode::OK);
        seen.extend(items(&page).iter().map(|job| job["id"].to_string()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/admin/failed-jobs?limit=2&cursor={cursor}");
    }

    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|one, next| one > next), "the newest first: {seen:?}");
    let invalid: ApiResponse = client.send(get("/admin/failed-jobs?status=lost&queue=7&cursor=x").by(&admin)).await;
    invalid.expect_problem(422, "validation");
    let without_reason = post(&format!("/admin/failed-jobs/{}/replay", Uuid::now_v7())).by(&admin).json(&json!({}));
    assert_eq!(client.send(without_reason).await.pointers(), ["/reason"]);
    let unknown = post(&format!("/admin/failed-jobs/{}/replay", Uuid::now_v7())).by(&admin);
    client.send(unknown.json(&json!({ "reason": "why not" }))).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_change_by_a_user_is_in_the_audit_log(pool: PgPool) {
    let (client, admin) = setup(pool, &[]).await;
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let warehouse = client.create_stock(vendor.id).await.as_uuid();
    let customer = client.customer().await;
    let order = client.place(&customer).await;
    let sku = crate::client::HEADPHONES;

    let role = json!({ "role": "vendor" });
    client
        .send(ApiRequest::new(Method::PUT, &format!("/admin/users/{}/role", customer.id)).by(&admin).json(&role))
        .await
        .expect(StatusCode::OK);
    let price = json!({ "active": false });
    client
        .send(ApiRequest::new(Method::PATCH, &format!("/products/{sku}")).by(&vendor).json(&price))
        .await
        .expect(StatusCode::OK);
    let count = json!({ "sku": sku, "warehouse_id": warehouse, "quantity": 3, "reason": "count of Monday" });
    client.send(post("/inventory/adjustments").by(&vendor).json(&count)).await.expect(StatusCode::CREATED);
    let threshold = json!({ "sku": sku, "warehouse_id": warehouse, "low_stock_threshold": 7 });
    client
        .send(ApiRequest::new(Method::PUT, "/inventory/thresholds").by(&vendor).json(&threshold))
        .await
        .expect(StatusCode::OK);
    let west = json!({ "code": "WEST", "name": "West" });
    client.send(post("/warehouses").by(&admin).json(&west)).await.expect(StatusCode::CREATED);
    let cancel = post(&format!("/orders/{order}/cancel")).by(&admin).header("x-request-id", "request-7");
    client.send(cancel.json(&json!({ "reason": "fraud" }))).await.expect(StatusCode::ACCEPTED);

    let log = client.send(get("/admin/audit-logs").by(&admin)).await.expect(StatusCode::OK);
    let actions: Vec<_> = items(&log).iter().map(|entry| entry["action"].as_str().expect("an action")).collect();
    let expected = [
        "order.cancel",
        "warehouse.create",
        "stock.set_threshold",
        "stock.adjust",
        "product.update",
        "user.grant_role",
    ];
    assert_eq!(actions, expected);
    let cancelled = &items(&log)[0];
    assert_eq!(cancelled["actor"], format!("admin:{}", admin.id));
    assert_eq!((&cancelled["reason"], &cancelled["request_id"]), (&json!("fraud"), &json!("request-7")));
    assert_eq!(cancelled["before"], json!({ "status": "pending" }));
    assert_eq!(cancelled["after"], json!({ "status": "cancelling" }));
    let product = &items(&log)[4];
    assert_eq!((&product["before"]["active"], &product["after"]["active"]), (&json!(true), &json!(false)));
    let path = format!("/admin/audit-logs?subject=product:{sku}&actor=vendor:{}", vendor.id);
    let found = client.send(get(&path).by(&admin)).await.expect(StatusCode::OK);
    assert_eq!(items(&found).len(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn tasks_are_listed_with_their_history(pool: PgPool) {
    use operations::schedule::{Run, SchedulerId, enroll, record};
    let (client, admin) = setup(pool, &[]).await;
    let (second, now) = (std::time::Duration::from_secs(1), platform::clock::now());
    enroll(&client.pool, &[("sweep", second)]).await.expect("enrolled");
    let scheduler = SchedulerId { id: Uuid::now_v7(), name: "scheduler@here:1".to_owned() };
    let run = Run { started_at: now, took: second, rows: 7, error: None, next_run_at: now };
    record(&client.pool, &scheduler, "sweep", &run).await.expect("written");

    let tasks = client.send(get("/admin/tasks").by(&admin)).await.expect(StatusCode::OK);
    let runs = client.send(get("/admin/tasks/sweep/runs").by(&admin)).await.expect(StatusCode::OK);

    assert_eq!((&items(&tasks)[0]["name"], &items(&tasks)[0]["last_run"]["rows"]), (&json!("sweep"), &json!(7)));
    assert_eq!((&items(&runs)[0]["result"], &items(&runs)[0]["duration_ms"]), (&json!("done"), &json!(1000.0)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn processes_are_listed_with_their_last_heartbeat(pool: PgPool) {
    use operations::processes::{ProcessCounts, ProcessInfo, Role as Process, deregister, heartbeat};
    let (client, admin) = setup(pool, &[]).await;
    let start = |queue: &str| {
        let now = platform::clock::now();
        ProcessInfo::of_current_process(Process::Worker, "1.2.3", vec![queue.to_owned()], now)
    };
    let (stays, leaves) = (start("payments"), start("orders"));
    let counts = ProcessCounts { in_flight: 3, handled: 100, retried: 2, dead: 1 };
    heartbeat(&client.pool, &stays, ProcessCounts::default()).await.expect("stored");
    heartbeat(&client.pool, &stays, counts).await.expect("stored");
    heartbeat(&client.pool, &leaves, counts).await.expect("stored");
    deregister(&client.pool, &leaves).await.expect("deregistered");

    let workers = client.send(get("/system/workers").by(&admin)).await.expect(StatusCode::OK);

    let [process] = workers["processes"].as_array().expect("a list").as_slice() else { panic!("{workers}") };
    let shown = ["role", "version", "assignments", "alive", "in_flight", "handled"].map(|name| process[name].clone());
    assert_eq!(shown, [json!("worker"), json!("1.2.3"), json!(["payments"]), json!(true), json!(3), json!(100)]);
    assert!(workers.get("queues").is_none(), "queues need the broker: {workers}");
    let customer = client.customer().await;
    for request in [get("/system/workers"), get("/system/workers").by(&customer)] {
        let summary = client.send(request).await.expect(StatusCode::OK);
        assert_eq!(
            summary,
            json!({ "roles": [{ "role": "worker", "alive": 1, "silent": 0 }] }),
            "only counts per role"
        );
    }
}
