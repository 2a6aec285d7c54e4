//! Admins replay many failed jobs at once.

use crate::admin::{dead_letter, setup};
use crate::client::{get, post};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../../migrations")]
async fn a_replay_is_started_queried_and_cancelled(pool: PgPool) {
    let (client, admin) = setup(pool, &[dead_letter(b"{}"), dead_letter(b"[]")]).await;
    let body = json!({ "queue": "payments", "reason": "the gateway is back" });

    let begun = client.send(post("/admin/replays").by(&admin).json(&body)).await;

    let location = begun.headers["location"].to_str().expect("a path").to_owned();
    let begun = begun.expect(StatusCode::ACCEPTED);
    assert_eq!(location, format!("/api/v1/admin/replays/{}", begun["id"].as_str().expect("an id")));
    assert_eq!((&begun["status"], &begun["total"], &begun["replayed"]), (&json!("running"), &json!(2), &json!(0)));
    assert_eq!((&begun["rate_per_s"], &begun["ramp_s"]), (&json!(10), &json!(30)));
    assert_eq!(client.send(get(&location).by(&admin)).await.expect(StatusCode::OK), begun);
    let twice = client.send(post("/admin/replays").by(&admin).json(&body)).await;
    twice.expect_problem(409, "invalid-state");
    let reason = json!({ "reason": "not yet" });
    for _ in 0..2 {
        let cancel = post(&format!("{location}/cancel")).by(&admin).json(&reason);
        assert_eq!(client.send(cancel).await.expect(StatusCode::OK)["status"], "cancelled");
    }
    let log = client.send(get("/admin/audit-logs").by(&admin)).await.expect(StatusCode::OK);
    let actions: Vec<_> =
        log["items"].as_array().expect("a page").iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["replay.cancel", "replay.start"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_replay_without_jobs_is_done_at_once_and_replays_are_listed_in_pages(pool: PgPool) {
    let (client, admin) = setup(pool, &[dead_letter(b"{}")]).await;
    let nothing = json!({ "queue": "orders", "fingerprint": "none such", "reason": "why not" });
    let mut started = Vec::new();
    for _ in 0..3 {
        let done = client.send(post("/admin/replays").by(&admin).json(&nothing)).await.expect(StatusCode::ACCEPTED);
        assert_eq!((&done["status"], &done["total"]), (&json!("done"), &json!(0)));
        started.insert(0, done["id"].clone());
    }

    let first = client.send(get("/admin/replays?limit=2").by(&admin)).await.expect(StatusCode::OK);
    let next = format!("/admin/replays?limit=2&cursor={}", first["next_cursor"].as_str().expect("a cursor"));
    let second = client.send(get(&next).by(&admin)).await.expect(StatusCode::OK);

    let ids = |page: &Value| page["items"].as_array().expect("a page").iter().map(|it| it["id"].clone()).collect();
    let seen: Vec<Value> = [&first, &second].into_iter().flat_map(|page| -> Vec<Value> { ids(page) }).collect();
    assert_eq!(seen, started);
    let path = format!("/admin/replays/{}/cancel", started[0].as_str().expect("an id"));
    let cancel = post(&path).by(&admin).json(&json!({ "reason": "too late" }));
    client.send(cancel).await.expect_problem(409, "invalid-state");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_replay_is_refused_and_all_its_errors_are_named(pool: PgPool) {
    let (client, admin) = setup(pool, &[]).await;

    let wrong = json!({ "queue": "unknown", "fingerprint": 7, "rate_per_s": 201, "ramp_s": -1, "all": true });
    let response = client.send(post("/admin/replays").by(&admin).json(&wrong)).await;

    assert_eq!(response.pointers(), ["/queue", "/fingerprint", "/rate_per_s", "/ramp_s", "/reason", "/all"]);
    response.expect_problem(422, "validation");
    let everything = client.send(post("/admin/replays").by(&admin).json(&json!({ "reason": "why not" }))).await;
    assert_eq!(everything.pointers(), [""]);
    everything.expect_problem(422, "validation");
    let unknown = format!("/admin/replays/{}", Uuid::now_v7());
    client.send(get(&unknown).by(&admin)).await.expect_problem(404, "not-found");
    let cancel = post(&format!("{unknown}/cancel")).by(&admin).json(&json!({ "reason": "why not" }));
    client.send(cancel).await.expect_problem(404, "not-found");
}
