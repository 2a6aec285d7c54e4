//! What admins see of what failed and of what people did.

use crate::client::{Answer, Ask, Door, Person, get, post};
use accounts::Role;
use axum::http::{Method, StatusCode};
use domain::ids::MessageId;
use domain::messages::Queue;
use messaging::dead_letters::{DeadLetter, DeadLetterSink};
use operations::FailedJobs;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

pub fn letter(payload: &[u8]) -> DeadLetter {
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

pub async fn open_with(pool: PgPool, letters: &[DeadLetter]) -> (Door, Person) {
    let door = Door::open(pool);
    let admin = door.person("admin", Role::Admin).await;
    FailedJobs::new(door.pool.clone()).store(letters).await.expect("kept");
    (door, admin)
}

fn items(body: &Value) -> &[Value] {
    body["items"].as_array().expect("a page")
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_failed_job_is_found_replayed_and_then_left_alone(pool: PgPool) {
    let (door, admin) = open_with(pool, &[letter(br#"{"why":"test"}"#)]).await;
    let page = door.send(get("/admin/failed-jobs?status=open&queue=payments").of(&admin)).await.expect(StatusCode::OK);
    let job = &items(&page)[0];
    let path = format!("/admin/failed-jobs/{}", job["id"].as_str().expect("an id"));

    let detail = door.send(get(&path).of(&admin)).await.expect(StatusCode::OK);
    assert_eq!(detail["job"]["id"], job["id"]);
    assert_eq!((&detail["payload"], &detail["headers"]), (&json!({ "why": "test" }), &json!({ "x-attempt": 6 })));
    let why = json!({ "reason": "the gateway is back" });
    for _ in 0..2 {
        let ask = post(&format!("{path}/replay")).of(&admin).json(&why);
        let replayed = door.send(ask).await.expect(StatusCode::OK);
        assert_eq!((&replayed["status"], &replayed["replays"]), (&json!("replayed"), &json!(1)));
        assert_eq!(replayed["decision"]["reason"], "the gateway is back");
    }
    door.send(post(&format!("{path}/discard")).of(&admin).json(&why)).await.expect_problem(409, "invalid-state");
    let open = door.send(get("/admin/failed-jobs?status=open").of(&admin)).await.expect(StatusCode::OK);
    assert_eq!(items(&open), [] as [Value; 0]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_no_text_can_be_looked_at_and_discarded_but_not_replayed(pool: PgPool) {
    let (door, admin) = open_with(pool, &[letter(b"\xff\0")]).await;
    let page = door.send(get("/admin/failed-jobs").of(&admin)).await.expect(StatusCode::OK);
    let path = format!("/admin/failed-jobs/{}", items(&page)[0]["id"].as_str().expect("an id"));
    let why = json!({ "reason": "noise" });

    assert_eq!(door.send(get(&path).of(&admin)).await.expect(StatusCode::OK)["payload"], "\u{fffd}\0");
    door.send(post(&format!("{path}/replay")).of(&admin).json(&why)).await.expect_problem(409, "invalid-state");
    let discarded = door.send(post(&format!("{path}/discard")).of(&admin).json(&why)).await.expect(StatusCode::OK);
    assert_eq!(discarded["status"], "discarded");
}

#[sqlx::test(migrations = "../../migrations")]
async fn failed_jobs_come_page_by_page_and_a_wrong_filter_is_named(pool: PgPool) {
    let letters: Vec<_> = (0..5).map(|number| letter(format!("{number}").as_bytes())).collect();
    let (door, admin) = open_with(pool, &letters).await;

    let mut seen = Vec::new();
    let mut path = "/admin/failed-jobs?limit=2".to_owned();
    loop {
        let page = door.send(get(&path).of(&admin)).await.expect(StatusCode::OK);
        seen.extend(items(&page).iter().map(|job| job["id"].to_string()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/admin/failed-jobs?limit=2&cursor={cursor}");
    }

    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|one, next| one > next), "the newest first: {seen:?}");
    let wrong: Answer = door.send(get("/admin/failed-jobs?status=lost&queue=7&cursor=x").of(&admin)).await;
    wrong.expect_problem(422, "validation");
    let reasonless = post(&format!("/admin/failed-jobs/{}/replay", Uuid::now_v7())).of(&admin).json(&json!({}));
    assert_eq!(door.send(reasonless).await.pointers(), ["/reason"]);
    let unknown = post(&format!("/admin/failed-jobs/{}/replay", Uuid::now_v7())).of(&admin);
    door.send(unknown.json(&json!({ "reason": "why not" }))).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn whatever_a_person_changes_stands_in_the_audit_log(pool: PgPool) {
    let (door, admin) = open_with(pool, &[]).await;
    let vendor = door.person("vendor", Role::Vendor).await;
    let warehouse = door.stock(vendor.id).await.as_uuid();
    let customer = door.customer().await;
    let order = door.place(&customer).await;
    let sku = crate::client::HEADPHONES;

    let role = json!({ "role": "vendor" });
    door.send(Ask::new(Method::PUT, &format!("/admin/users/{}/role", customer.id)).of(&admin).json(&role))
        .await
        .expect(StatusCode::OK);
    let price = json!({ "active": false });
    door.send(Ask::new(Method::PATCH, &format!("/products/{sku}")).of(&vendor).json(&price))
        .await
        .expect(StatusCode::OK);
    let count = json!({ "sku": sku, "warehouse_id": warehouse, "quantity": 3, "reason": "count of Monday" });
    door.send(post("/inventory/adjustments").of(&vendor).json(&count)).await.expect(StatusCode::CREATED);
    let threshold = json!({ "sku": sku, "warehouse_id": warehouse, "low_stock_threshold": 7 });
    door.send(Ask::new(Method::PUT, "/inventory/thresholds").of(&vendor).json(&threshold)).await.expect(StatusCode::OK);
    let west = json!({ "code": "WEST", "name": "West" });
    door.send(post("/warehouses").of(&admin).json(&west)).await.expect(StatusCode::CREATED);
    let cancel = post(&format!("/orders/{order}/cancel")).of(&admin).header("x-request-id", "request-7");
    door.send(cancel.json(&json!({ "reason": "fraud" }))).await.expect(StatusCode::ACCEPTED);

    let log = door.send(get("/admin/audit-logs").of(&admin)).await.expect(StatusCode::OK);
    let actions: Vec<_> = items(&log).iter().map(|entry| entry["action"].as_str().expect("a deed")).collect();
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
    let found = door.send(get(&path).of(&admin)).await.expect(StatusCode::OK);
    assert_eq!(items(&found).len(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn tasks_are_listed_with_their_history(pool: PgPool) {
    use operations::schedule::{Run, Runner, enroll, record};
    let (door, admin) = open_with(pool, &[]).await;
    let (second, now) = (std::time::Duration::from_secs(1), platform::clock::now());
    enroll(&door.pool, &[("sweep", second)]).await.expect("enrolled");
    let runner = Runner { id: Uuid::now_v7(), name: "scheduler@here:1".to_owned() };
    let run = Run { started_at: now, took: second, rows: 7, error: None, next_run_at: now };
    record(&door.pool, &runner, "sweep", &run).await.expect("written");

    let tasks = door.send(get("/admin/tasks").of(&admin)).await.expect(StatusCode::OK);
    let runs = door.send(get("/admin/tasks/sweep/runs").of(&admin)).await.expect(StatusCode::OK);

    assert_eq!((&items(&tasks)[0]["name"], &items(&tasks)[0]["last_run"]["rows"]), (&json!("sweep"), &json!(7)));
    assert_eq!((&items(&runs)[0]["result"], &items(&runs)[0]["duration_ms"]), (&json!("done"), &json!(1000.0)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn processes_are_listed_as_they_last_told_of_themselves(pool: PgPool) {
    use operations::processes::{Identity, Role as Process, Work, beat, take_leave};
    let (door, admin) = open_with(pool, &[]).await;
    let start = |duty: &str| {
        let now = platform::clock::now();
        Identity::of_this_process(Process::Worker, "1.2.3", vec![duty.to_owned()], now)
    };
    let (stays, leaves) = (start("payments"), start("orders"));
    let work = Work { in_flight: 3, handled: 100, retried: 2, dead: 1 };
    beat(&door.pool, &stays, Work::default()).await.expect("told");
    beat(&door.pool, &stays, work).await.expect("told again");
    beat(&door.pool, &leaves, work).await.expect("told");
    take_leave(&door.pool, &leaves).await.expect("told");

    let workers = door.send(get("/system/workers").of(&admin)).await.expect(StatusCode::OK);

    let [process] = workers["processes"].as_array().expect("a list").as_slice() else { panic!("{workers}") };
    let told = ["role", "version", "duties", "alive", "in_flight", "handled"].map(|name| process[name].clone());
    assert_eq!(told, [json!("worker"), json!("1.2.3"), json!(["payments"]), json!(true), json!(3), json!(100)]);
    assert!(workers.get("queues").is_none(), "no broker, no queues: {workers}");
    let customer = door.customer().await;
    for ask in [get("/system/workers"), get("/system/workers").of(&customer)] {
        let summary = door.send(ask).await.expect(StatusCode::OK);
        assert_eq!(summary, json!({ "roles": [{ "role": "worker", "alive": 1, "silent": 0 }] }), "and no more");
    }
}
