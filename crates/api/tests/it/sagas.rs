//! What admins see and do about orders that got stuck.

use crate::client::{Door, Person, get, post};
use accounts::Role;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// A shop with a customer and an admin.
async fn shop(pool: PgPool) -> (Door, Person, Person) {
    let door = Door::open(pool);
    let vendor = door.person("vendor", Role::Vendor).await;
    door.stock(vendor.id).await;
    let (customer, admin) = (door.customer().await, door.person("admin", Role::Admin).await);
    (door, customer, admin)
}

async fn list(door: &Door, admin: &Person, query: &str) -> Vec<Value> {
    let page = door.send(get(&format!("/admin/sagas{query}")).of(admin)).await.expect(StatusCode::OK);
    page["items"].as_array().expect("a page").clone()
}

async fn generation(door: &Door, admin: &Person, order: &str) -> Value {
    let saga = door.send(get(&format!("/admin/sagas/{order}")).of(admin)).await.expect(StatusCode::OK);
    saga["generation"].clone()
}

async fn by_hand(door: &Door, change: &'static str) {
    sqlx::query(change).execute(&door.pool).await.expect("changed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_got_stuck_is_found_and_its_question_asked_again(pool: PgPool) {
    let (door, customer, admin) = shop(pool).await;
    let order = door.place(&customer).await;
    assert_eq!(list(&door, &admin, "").await, [] as [Value; 0]);
    by_hand(&door, "UPDATE orders.sagas SET phase = 'stuck'").await;

    let stuck = list(&door, &admin, "").await;
    assert_eq!((&stuck[0]["order_id"], &stuck[0]["phase"]), (&json!(order), &json!("stuck")));
    let path = format!("/admin/sagas/{order}");
    assert_eq!(door.send(get(&path).of(&admin)).await.expect(StatusCode::OK), stuck[0]);
    let why = json!({ "generation": stuck[0]["generation"], "reason": "the inventory is back" });
    let retried = door.send(post(&format!("{path}/retry-step")).of(&admin).json(&why)).await.expect(StatusCode::OK);

    assert_eq!((&retried["phase"], &retried["step"]), (&json!("running"), &json!("reserve_stock")));
    assert_eq!(door.send(get(&path).of(&admin)).await.expect(StatusCode::OK), retried);
    let again = door.send(post(&format!("{path}/retry-step")).of(&admin).json(&why)).await;
    again.expect_problem(409, "invalid-state");
    assert_eq!(list(&door, &admin, "").await, [] as [Value; 0]);
    let asked = "SELECT count(*) FROM messaging.outbox WHERE routing_key = 'inventory.inventory.reserve'";
    let asked: i64 = sqlx::query_scalar(asked).fetch_one(&door.pool).await.expect("a count");
    assert_eq!(asked, 2);
    let timeline = door.send(get(&format!("/orders/{order}/events")).of(&admin)).await.expect(StatusCode::OK);
    let last = timeline["items"].as_array().expect("a list").last().expect("an entry").clone();
    assert_eq!((&last["kind"], &last["actor"]), (&json!("step_retried"), &json!(format!("admin:{}", admin.id))));
    let told = door.send(get(&format!("/orders/{order}/events")).of(&customer)).await.expect(StatusCode::OK);
    let told = told["items"].as_array().expect("a list").last().expect("an entry").clone();
    assert!(last.get("detail").is_some() && told.get("detail").is_none(), "what operators say is for them: {told}");
    let log = door.send(get("/admin/audit-logs").of(&admin)).await.expect(StatusCode::OK);
    assert_eq!((&log["items"][0]["action"], &log["items"][0]["reason"]), (&json!("saga.retry_step"), &why["reason"]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_undo_that_is_abandoned_ends_its_order(pool: PgPool) {
    let (door, customer, admin) = shop(pool).await;
    let order = door.place(&customer).await;
    door.send(post(&format!("/orders/{order}/cancel")).of(&customer)).await.expect(StatusCode::ACCEPTED);
    let path = format!("/admin/sagas/{order}/abandon");
    let why = json!({ "generation": generation(&door, &admin, &order).await, "reason": "nothing is held, I counted" });

    let abandoned = door.send(post(&path).of(&admin).json(&why)).await.expect(StatusCode::OK);

    assert_eq!((&abandoned["phase"], &abandoned["order_status"]), (&json!("ended"), &json!("cancelled")));
    assert!(abandoned.get("step").is_none() && abandoned.get("deadline_at").is_none(), "{abandoned}");
    door.send(post(&path).of(&admin).json(&why)).await.expect_problem(409, "invalid-state");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_undo_that_is_marked_done_carries_its_order_on(pool: PgPool) {
    let (door, customer, admin) = shop(pool).await;
    let order = door.place(&customer).await;
    door.send(post(&format!("/orders/{order}/cancel")).of(&customer)).await.expect(StatusCode::ACCEPTED);
    let why = json!({ "generation": generation(&door, &admin, &order).await, "reason": "seen in the books" });

    let path = format!("/admin/sagas/{order}/mark-step-done");
    let marked = door.send(post(&path).of(&admin).json(&why)).await.expect(StatusCode::OK);

    assert_eq!((&marked["phase"], &marked["order_status"]), (&json!("ended"), &json!("cancelled")));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_makes_no_sense_is_refused_and_changes_nothing(pool: PgPool) {
    let (door, customer, admin) = shop(pool).await;
    let order = door.place(&customer).await;
    let path = format!("/admin/sagas/{order}");
    let before = door.send(get(&path).of(&admin)).await.expect(StatusCode::OK);
    let why = json!({ "generation": before["generation"], "reason": "why not" });

    for verb in ["mark-step-done", "abandon"] {
        let refused = door.send(post(&format!("{path}/{verb}")).of(&admin).json(&why)).await;
        refused.expect_problem(409, "invalid-state");
    }
    for verb in ["retry-step", "mark-step-done", "abandon"] {
        let reasonless = door.send(post(&format!("{path}/{verb}")).of(&admin).json(&json!({}))).await;
        assert_eq!(reasonless.pointers(), ["/generation", "/reason"]);
        let nobodys = format!("/admin/sagas/{}/{verb}", Uuid::now_v7());
        door.send(post(&nobodys).of(&admin).json(&why)).await.expect_problem(404, "not-found");
    }
    assert_eq!(door.send(get(&path).of(&admin)).await.expect(StatusCode::OK), before);
}

#[sqlx::test(migrations = "../../migrations")]
async fn sagas_come_page_by_page_and_a_wrong_filter_is_named(pool: PgPool) {
    let (door, customer, admin) = shop(pool).await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(json!(door.place(&customer).await));
    }

    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let ask = get(&format!("/admin/sagas?standing=active&limit=2{next}")).of(&admin);
        let page = door.send(ask).await.expect(StatusCode::OK);
        seen.extend(page["items"].as_array().expect("a page").iter().map(|saga| saga["order_id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }

    assert_eq!(seen, placed, "the earliest deadline first");
    assert_eq!(list(&door, &admin, "?standing=overdue").await, [] as [Value; 0]);
    by_hand(&door, "UPDATE orders.sagas SET deadline_at = now() - interval '1 minute'").await;
    assert_eq!(list(&door, &admin, "?standing=overdue").await.len(), 5);
    for (query, parameter) in [("standing=lost", "standing"), ("cursor=forged", "cursor"), ("phase=stuck", "phase")] {
        let answer = door.send(get(&format!("/admin/sagas?{query}")).of(&admin)).await;
        assert_eq!(answer.pointers(), [parameter]);
        answer.expect_problem(422, "validation");
    }
}
