//! Units of an order's lines are cancelled over HTTP.

use crate::client::{HEADPHONES, post};
use crate::mini_worker::work;
use crate::refunds::{PRICE, Shop, deliver};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

fn units(quantity: u32) -> Value {
    json!({ "lines": [{ "line_no": 1, "quantity": quantity }] })
}

#[sqlx::test(migrations = "../../migrations")]
async fn cancelled_units_are_released_and_not_captured(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed("sim_ok").await;
    let path = format!("/orders/{order}/cancel");

    let preview = post(&format!("{path}?preview=true")).by(&shop.customer).json(&units(1));
    let preview = shop.client.send(preview).await.expect(StatusCode::OK);
    let accepted = shop.client.send(post(&path).by(&shop.customer).json(&units(1))).await.expect(StatusCode::ACCEPTED);
    work(&shop.client).await;
    let shrunk = shop.order(&order).await;
    deliver(&shop.client, &shop.admin, &order).await;

    assert_eq!(preview["voided"]["amount_minor"], PRICE);
    assert_eq!((&preview["cancels_order"], &preview["refunded"]["amount_minor"]), (&json!(false), &json!(0)));
    assert_eq!(preview["released"][0]["quantity"], 1);
    assert_eq!(preview["reshipped"][0]["lines"], json!([{ "sku": HEADPHONES, "quantity": 2 }]));
    assert_eq!(
        (&accepted["order_status"], &accepted["message"]),
        (&json!("confirmed"), &json!("1 unit is being cancelled"))
    );
    assert_eq!((&shrunk["items"][0]["quantity"], &shrunk["items"][0]["cancelled_quantity"]), (&json!(3), &json!(1)));
    let statuses: Vec<_> = shrunk["shipments"].as_array().expect("shipments").iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["cancelled", "booked"]);
    let delivered = shop.order(&order).await;
    assert_eq!((&delivered["status"], &delivered["payment_status"]), (&json!("delivered"), &json!("captured")));
    let refund = shop.refund(&order, &json!({ "reason": "goodwill" })).await;
    assert_eq!(refund["amount_minor"], 2 * PRICE);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeat_with_the_same_key_cancels_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed("sim_ok").await;
    let request = || {
        let path = format!("/orders/{order}/cancel");
        post(&path).by(&shop.customer).header("idempotency-key", "one-unit-less").json(&units(1))
    };

    let first = shop.client.send(request()).await.expect(StatusCode::ACCEPTED);
    work(&shop.client).await;
    let again = shop.client.send(request()).await.expect(StatusCode::ACCEPTED);
    work(&shop.client).await;

    assert_eq!(first, again);
    assert_eq!(shop.order(&order).await["items"][0]["cancelled_quantity"], 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_can_not_be_cancelled_is_named(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed("sim_ok").await;
    let path = format!("/orders/{order}/cancel");
    for (body, detail) in [
        (json!({ "lines": [] }), "`lines` must have at least one line"),
        (json!({ "lines": [{ "line_no": 7, "quantity": 1 }] }), "`lines`: the order has no line 7"),
        (json!({ "lines": [{ "line_no": 1, "quantity": 0 }] }), "`lines[0].quantity`"),
        (
            json!({ "lines": [{ "line_no": 1, "quantity": 1 }, { "line_no": 1, "quantity": 1 }] }),
            "line 1 is named twice",
        ),
    ] {
        let refused = shop.client.send(post(&path).by(&shop.customer).json(&body)).await;
        let problem = refused.expect_problem(422, "validation");
        assert!(problem.to_string().contains(detail), "{body}: {problem}");
    }
    let too_many = shop.client.send(post(&path).by(&shop.customer).json(&units(4))).await;
    let problem = too_many.expect_problem(409, "invalid-state").to_string();
    assert!(problem.contains("`lines`: 4 units of line 1 can't be cancelled: 3 of it are neither"), "{problem}");
    shop.client.send(post(&path).by(&shop.customer).json(&units(1))).await.expect(StatusCode::ACCEPTED);
    let at_once = shop.client.send(post(&path).by(&shop.customer).json(&units(1))).await;
    assert!(at_once.headers.contains_key("retry-after"), "{}", at_once.body);
    at_once.expect_problem(409, "invalid-state");
    assert_eq!(shop.order(&order).await["status"], "confirmed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_preview_of_a_whole_cancellation_changes_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed("sim_ok").await;

    let path = format!("/orders/{order}/cancel?preview=true");
    let preview = shop.client.send(post(&path).by(&shop.customer)).await.expect(StatusCode::OK);

    assert_eq!((&preview["cancels_order"], &preview["voided"]["amount_minor"]), (&json!(true), &json!(3 * PRICE)));
    assert_eq!(shop.order(&order).await["status"], "confirmed");
    deliver(&shop.client, &shop.admin, &order).await;
    let late = shop.client.send(post(&path).by(&shop.customer)).await;
    late.expect_problem(409, "invalid-state");
}
