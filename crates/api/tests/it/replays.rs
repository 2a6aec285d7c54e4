//! Admins send many failed jobs again.

use crate::admin::{letter, open_with};
use crate::client::{get, post};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../../migrations")]
async fn a_replay_is_asked_for_followed_and_cancelled(pool: PgPool) {
    let (door, admin) = open_with(pool, &[letter(b"{}"), letter(b"[]")]).await;
    let ask = json!({ "queue": "payments", "reason": "the gateway is back" });

    let begun = door.send(post("/admin/replays").of(&admin).json(&ask)).await;

    let location = begun.headers["location"].to_str().expect("a path").to_owned();
    let begun = begun.expect(StatusCode::ACCEPTED);
    assert_eq!(location, format!("/api/v1/admin/replays/{}", begun["id"].as_str().expect("an id")));
    assert_eq!((&begun["status"], &begun["total"], &begun["replayed"]), (&json!("running"), &json!(2), &json!(0)));
    assert_eq!((&begun["rate_per_s"], &begun["ramp_s"]), (&json!(10), &json!(30)));
    assert_eq!(door.send(get(&location).of(&admin)).await.expect(StatusCode::OK), begun);
    let twice = door.send(post("/admin/replays").of(&admin).json(&ask)).await;
    twice.expect_problem(409, "invalid-state");
    let why = json!({ "reason": "not yet" });
    for _ in 0..2 {
        let cancel = post(&format!("{location}/cancel")).of(&admin).json(&why);
        assert_eq!(door.send(cancel).await.expect(StatusCode::OK)["status"], "cancelled");
    }
    let log = door.send(get("/admin/audit-logs").of(&admin)).await.expect(StatusCode::OK);
    let deeds: Vec<_> = log["items"].as_array().expect("a page").iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(deeds, ["replay.cancel", "replay.start"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_replay_of_nothing_is_done_at_once_and_replays_come_page_by_page(pool: PgPool) {
    let (door, admin) = open_with(pool, &[letter(b"{}")]).await;
    let nothing = json!({ "queue": "orders", "fingerprint": "none such", "reason": "why not" });
    let mut asked = Vec::new();
    for _ in 0..3 {
        let done = door.send(post("/admin/replays").of(&admin).json(&nothing)).await.expect(StatusCode::ACCEPTED);
        assert_eq!((&done["status"], &done["total"]), (&json!("done"), &json!(0)));
        asked.insert(0, done["id"].clone());
    }

    let first = door.send(get("/admin/replays?limit=2").of(&admin)).await.expect(StatusCode::OK);
    let next = format!("/admin/replays?limit=2&cursor={}", first["next_cursor"].as_str().expect("a cursor"));
    let second = door.send(get(&next).of(&admin)).await.expect(StatusCode::OK);

    let ids = |page: &Value| page["items"].as_array().expect("a page").iter().map(|it| it["id"].clone()).collect();
    let seen: Vec<Value> = [&first, &second].into_iter().flat_map(|page| -> Vec<Value> { ids(page) }).collect();
    assert_eq!(seen, asked);
    let path = format!("/admin/replays/{}/cancel", asked[0].as_str().expect("an id"));
    let cancel = post(&path).of(&admin).json(&json!({ "reason": "too late" }));
    door.send(cancel).await.expect_problem(409, "invalid-state");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_wrong_with_a_replay_is_named(pool: PgPool) {
    let (door, admin) = open_with(pool, &[]).await;

    let wrong = json!({ "queue": "letters", "fingerprint": 7, "rate_per_s": 201, "ramp_s": -1, "all": true });
    let answer = door.send(post("/admin/replays").of(&admin).json(&wrong)).await;

    assert_eq!(answer.pointers(), ["/queue", "/fingerprint", "/rate_per_s", "/ramp_s", "/reason", "/all"]);
    answer.expect_problem(422, "validation");
    let everything = door.send(post("/admin/replays").of(&admin).json(&json!({ "reason": "why not" }))).await;
    assert_eq!(everything.pointers(), [""]);
    everything.expect_problem(422, "validation");
    let nobodys = format!("/admin/replays/{}", Uuid::now_v7());
    door.send(get(&nobodys).of(&admin)).await.expect_problem(404, "not-found");
    let cancel = post(&format!("{nobodys}/cancel")).of(&admin).json(&json!({ "reason": "why not" }));
    door.send(cancel).await.expect_problem(404, "not-found");
}
