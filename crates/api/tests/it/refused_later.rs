//! What is refused after the confirmation is seen in `attention` at once, and fixed by one action.

use crate::client::{get, post};
use crate::mini_worker::work;
use crate::refunds::{Shop, deliver, kinds};
use axum::http::StatusCode;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

/// An admin acts on the order's saga.
async fn act(shop: &Shop, order: &str, action: &str) {
    let path = format!("/admin/sagas/{order}");
    let saga = shop.client.send(get(&path).by(&shop.admin)).await.expect(StatusCode::OK);
    let body = json!({ "generation": saga["generation"], "reason": "the cause is cured" });
    let request = post(&format!("{path}/{action}")).by(&shop.admin).json(&body);
    shop.client.send(request).await.expect(StatusCode::OK);
    work(&shop.client).await;
}

fn attention(order: &Value) -> &str {
    order["attention"].as_str().unwrap_or_default()
}

/// Runs the task that reauthorizes payments, this many days from now.
async fn reauthorize(shop: &Shop, days: i64) -> usize {
    let (later, six_days) = (platform::clock::now() + TimeDelta::days(days), TimeDelta::days(6));
    let renewed = orders::reauthorize_payments(&shop.client.state.write, six_days, later, 10).await.expect("renewed");
    work(&shop.client).await;
    renewed
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_declined_capture_is_seen_in_attention_and_fixed_by_one_action(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_capture_declined").await;

    let unpaid = shop.order(&order).await;
    assert_eq!((&unpaid["status"], &unpaid["payment_status"]), (&json!("delivered"), &json!("authorized")));
    assert!(attention(&unpaid).contains("declined to capture"), "{unpaid}");
    let failed = shop.client.send(get("/admin/failed-jobs").by(&shop.admin)).await.expect(StatusCode::OK);
    assert_eq!(failed["items"], json!([]), "a decline is a reply, not a failed job");
    act(&shop, &order, "capture-again").await;

    let paid = shop.order(&order).await;
    assert_eq!(paid["payment_status"], "captured");
    assert_eq!(attention(&paid), "");
    let timeline = shop.timeline(&order, &shop.admin).await;
    let expected =
        ["payment_capture_declined", "attention_raised", "step_retried", "attention_cleared", "payment_captured"];
    let of_payment: Vec<_> = kinds(&timeline).into_iter().filter(|kind| expected.contains(kind)).collect();
    assert_eq!(of_payment, expected);
    let of_customer = shop.timeline(&order, &shop.customer).await;
    let declined = of_customer.iter().find(|entry| entry["kind"] == "payment_capture_declined").expect("an entry");
    assert!(declined.get("detail").is_none(), "{declined}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_authorization_that_would_expire_is_renewed_before_the_hand_over(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed("sim_auth_expires").await;

    let renewed = [reauthorize(&shop, 5).await, reauthorize(&shop, 7).await, reauthorize(&shop, 8).await];
    deliver(&shop.client, &shop.admin, &order).await;

    assert_eq!(renewed, [0, 1, 0], "not yet, then once");
    let paid = shop.order(&order).await;
    assert_eq!((&paid["payment_status"], attention(&paid)), (&json!("captured"), ""));
    assert!(kinds(&shop.timeline(&order, &shop.customer).await).contains(&"payment_reauthorized"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_authorization_is_as_old_as_itself_and_not_as_its_order_that_waited_for_stock(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.confirmed("sim_ok").await;
    let authorized_later = "UPDATE orders.events SET at = at + interval '10 days' WHERE kind = 'payment_authorized'";
    sqlx::query(authorized_later).execute(&shop.client.pool).await.expect("authorized later");

    assert_eq!([reauthorize(&shop, 15).await, reauthorize(&shop, 17).await], [0, 1]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_authorization_that_has_expired_is_renewed_and_captured_by_one_action(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_auth_expires").await;
    let unpaid = shop.order(&order).await;
    assert!(attention(&unpaid).contains("authorization_expired"), "{unpaid}");

    act(&shop, &order, "reauthorize").await;

    let paid = shop.order(&order).await;
    assert_eq!((&paid["payment_status"], attention(&paid)), (&json!("captured"), ""));
    let path = format!("/admin/sagas/{order}/reauthorize");
    let body = json!({ "generation": 1, "reason": "again" });
    let again = shop.client.send(post(&path).by(&shop.admin).json(&body)).await;
    again.expect_problem(409, "invalid-state");
}

#[sqlx::test(migrations = "../../migrations")]
async fn stock_that_can_not_be_shipped_is_shipped_by_a_retry(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed("sim_ok").await;
    let set_lines = |state: &'static str| {
        sqlx::query("UPDATE inventory.reservation_lines SET state = $1").bind(state).execute(&shop.client.pool)
    };
    set_lines("released").await.expect("released by hand");

    deliver(&shop.client, &shop.admin, &order).await;

    let refused = shop.order(&order).await;
    assert!(attention(&refused).contains("has been released"), "{refused}");
    let failed = shop.client.send(get("/admin/failed-jobs").by(&shop.admin)).await.expect(StatusCode::OK);
    assert_eq!(failed["items"], json!([]), "a refusal is a reply, not a failed job");
    set_lines("active").await.expect("reserved by hand");
    act(&shop, &order, "retry-step").await;
    let delivered = shop.order(&order).await;
    assert_eq!((&delivered["status"], attention(&delivered)), (&json!("delivered"), ""));
    assert!(kinds(&shop.timeline(&order, &shop.admin).await).contains(&"stock_shipped"));
}
