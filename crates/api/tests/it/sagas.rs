//! Admins list stuck sagas and repair them.

use crate::client::{ApiClient, TestUser, get, post};
use accounts::Role;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// Products in stock, a customer and an admin.
async fn setup(pool: PgPool) -> (ApiClient, TestUser, TestUser) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let (customer, admin) = (client.customer().await, client.create_user("admin", Role::Admin).await);
    (client, customer, admin)
}

async fn list(client: &ApiClient, admin: &TestUser, query: &str) -> Vec<Value> {
    let page = client.send(get(&format!("/admin/sagas{query}")).by(admin)).await.expect(StatusCode::OK);
    page["items"].as_array().expect("a page").clone()
}

async fn generation(client: &ApiClient, admin: &TestUser, order: &str) -> Value {
    let saga = client.send(get(&format!("/admin/sagas/{order}")).by(admin)).await.expect(StatusCode::OK);
    saga["generation"].clone()
}

async fn execute(client: &ApiClient, sql: &'static str) {
    sqlx::query(sql).execute(&client.pool).await.expect("changed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stuck_saga_is_listed_and_a_retried_step_sends_its_command_again(pool: PgPool) {
    let (client, customer, admin) = setup(pool).await;
    let order = client.place(&customer).await;
    assert_eq!(list(&client, &admin, "").await, [] as [Value; 0]);
    execute(&client, "UPDATE orders.sagas SET phase = 'stuck'").await;

    let stuck = list(&client, &admin, "").await;
    assert_eq!((&stuck[0]["order_id"], &stuck[0]["phase"]), (&json!(order), &json!("stuck")));
    let path = format!("/admin/sagas/{order}");
    assert_eq!(client.send(get(&path).by(&admin)).await.expect(StatusCode::OK), stuck[0]);
    let body = json!({ "generation": stuck[0]["generation"], "reason": "the inventory is back" });
    let retried = client.send(post(&format!("{path}/retry-step")).by(&admin).json(&body)).await.expect(StatusCode::OK);

    assert_eq!((&retried["phase"], &retried["step"]), (&json!("running"), &json!("reserve_stock")));
    assert_eq!(client.send(get(&path).by(&admin)).await.expect(StatusCode::OK), retried);
    let again = client.send(post(&format!("{path}/retry-step")).by(&admin).json(&body)).await;
    again.expect_problem(409, "invalid-state");
    assert_eq!(list(&client, &admin, "").await, [] as [Value; 0]);
    let commands = "SELECT count(*) FROM messaging.outbox WHERE routing_key = 'inventory.inventory.reserve'";
    let commands: i64 = sqlx::query_scalar(commands).fetch_one(&client.pool).await.expect("a count");
    assert_eq!(commands, 2);
    let timeline = client.send(get(&format!("/orders/{order}/events")).by(&admin)).await.expect(StatusCode::OK);
    let last = timeline["items"].as_array().expect("a list").last().expect("an entry").clone();
    assert_eq!((&last["kind"], &last["actor"]), (&json!("step_retried"), &json!(format!("admin:{}", admin.id))));
    let timeline = client.send(get(&format!("/orders/{order}/events")).by(&customer)).await.expect(StatusCode::OK);
    let of_customer = timeline["items"].as_array().expect("a list").last().expect("an entry").clone();
    assert!(last.get("detail").is_some(), "{last}");
    assert!(of_customer.get("detail").is_none(), "customers see no reasons of operators: {of_customer}");
    let log = client.send(get("/admin/audit-logs").by(&admin)).await.expect(StatusCode::OK);
    assert_eq!((&log["items"][0]["action"], &log["items"][0]["reason"]), (&json!("saga.retry_step"), &body["reason"]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn abandoning_a_compensation_ends_its_order(pool: PgPool) {
    let (client, customer, admin) = setup(pool).await;
    let order = client.place(&customer).await;
    client.send(post(&format!("/orders/{order}/cancel")).by(&customer)).await.expect(StatusCode::ACCEPTED);
    let path = format!("/admin/sagas/{order}/abandon");
    let body =
        json!({ "generation": generation(&client, &admin, &order).await, "reason": "nothing is reserved: counted" });

    let abandoned = client.send(post(&path).by(&admin).json(&body)).await.expect(StatusCode::OK);

    assert_eq!((&abandoned["phase"], &abandoned["order_status"]), (&json!("ended"), &json!("cancelled")));
    assert!(abandoned.get("step").is_none() && abandoned.get("deadline_at").is_none(), "{abandoned}");
    client.send(post(&path).by(&admin).json(&body)).await.expect_problem(409, "invalid-state");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_saga_continues_after_a_compensation_is_marked_done(pool: PgPool) {
    let (client, customer, admin) = setup(pool).await;
    let order = client.place(&customer).await;
    client.send(post(&format!("/orders/{order}/cancel")).by(&customer)).await.expect(StatusCode::ACCEPTED);
    let body = json!({ "generation": generation(&client, &admin, &order).await, "reason": "checked in the ledger" });

    let path = format!("/admin/sagas/{order}/mark-step-done");
    let marked = client.send(post(&path).by(&admin).json(&body)).await.expect(StatusCode::OK);

    assert_eq!((&marked["phase"], &marked["order_status"]), (&json!("ended"), &json!("cancelled")));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_action_that_does_not_fit_the_saga_is_refused_and_changes_nothing(pool: PgPool) {
    let (client, customer, admin) = setup(pool).await;
    let order = client.place(&customer).await;
    let path = format!("/admin/sagas/{order}");
    let before = client.send(get(&path).by(&admin)).await.expect(StatusCode::OK);
    let body = json!({ "generation": before["generation"], "reason": "why not" });

    for verb in ["mark-step-done", "abandon"] {
        let refused = client.send(post(&format!("{path}/{verb}")).by(&admin).json(&body)).await;
        refused.expect_problem(409, "invalid-state");
    }
    for verb in ["retry-step", "mark-step-done", "abandon"] {
        let without_reason = client.send(post(&format!("{path}/{verb}")).by(&admin).json(&json!({}))).await;
        assert_eq!(without_reason.pointers(), ["/generation", "/reason"]);
        let unknown = format!("/admin/sagas/{}/{verb}", Uuid::now_v7());
        client.send(post(&unknown).by(&admin).json(&body)).await.expect_problem(404, "not-found");
    }
    assert_eq!(client.send(get(&path).by(&admin)).await.expect(StatusCode::OK), before);
}

#[sqlx::test(migrations = "../../migrations")]
async fn sagas_are_listed_in_pages_and_an_invalid_filter_is_named(pool: PgPool) {
    let (client, customer, admin) = setup(pool).await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(json!(client.place(&customer).await));
    }

    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let request = get(&format!("/admin/sagas?state=active&limit=2{next}")).by(&admin);
        let page = client.send(request).await.expect(StatusCode::OK);
        seen.extend(page["items"].as_array().expect("a page").iter().map(|saga| saga["order_id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }

    assert_eq!(seen, placed, "the earliest deadline first");
    assert_eq!(list(&client, &admin, "?state=overdue").await, [] as [Value; 0]);
    execute(&client, "UPDATE orders.sagas SET deadline_at = now() - interval '1 minute'").await;
    assert_eq!(list(&client, &admin, "?state=overdue").await.len(), 5);
    for (query, parameter) in [("state=lost", "state"), ("cursor=forged", "cursor"), ("phase=stuck", "phase")] {
        let response = client.send(get(&format!("/admin/sagas?{query}")).by(&admin)).await;
        assert_eq!(response.pointers(), [parameter]);
        response.expect_problem(422, "validation");
    }
}
