//! Who may request and decide returns over HTTP, and what is refused.

use crate::client::{CABLE, HEADPHONES, TestUser, get, post};
use crate::mini_worker::work;
use crate::returns::{PRICE, Shop, counted, units};
use accounts::Role;
use axum::http::StatusCode;
use domain::returns::RETURNS_MAX;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../../migrations")]
async fn a_preview_changes_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;

    let path = format!("/orders/{order}/returns?preview=true");
    let preview = shop.post(&path, &shop.customer, &units(1, 2), StatusCode::OK).await;

    assert_eq!(preview["refund"]["amount_minor"], json!(2 * PRICE));
    assert_eq!(preview["returns"][0]["vendor_id"], shop.vendor.id.to_string());
    assert_eq!(shop.get("/returns", &shop.admin).await["items"], json!([]));
    shop.requested(&order, 3).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn everybody_sees_and_decides_only_what_is_theirs(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let [stranger, rival, support] = [
        shop.client.create_user("stranger", Role::Customer).await,
        shop.client.create_user("rival", Role::Vendor).await,
        shop.client.create_user("support", Role::Support).await,
    ];
    let order = shop.delivered("sim_ok").await;
    let path = shop.requested(&order, 1).await;

    for viewer in [&stranger, &rival] {
        assert_eq!(shop.client.send(get(&path).by(viewer)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(shop.get("/returns", viewer).await["items"], json!([]));
    }
    for viewer in [&shop.customer, &shop.vendor, &support, &shop.admin] {
        assert_eq!(shop.get("/returns?status=requested", viewer).await["items"].as_array().map(Vec::len), Some(1));
    }
    let request = format!("/orders/{order}/returns");
    shop.post(&request, &stranger, &units(1, 1), StatusCode::NOT_FOUND).await;
    shop.post(&request, &shop.vendor, &units(1, 1), StatusCode::NOT_FOUND).await;
    shop.post(&format!("{path}/approve"), &rival, &json!({}), StatusCode::NOT_FOUND).await;
    shop.post(&format!("{path}/cancel"), &shop.vendor, &json!({}), StatusCode::FORBIDDEN).await;
    shop.post(&format!("{path}/cancel"), &shop.customer, &json!({}), StatusCode::OK).await;
    shop.post(&format!("{path}/approve"), &shop.vendor, &json!({}), StatusCode::CONFLICT).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_can_not_be_returned_or_counted_is_refused_by_name(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let placed = shop.placed("sim_ok").await;
    let early = format!("/orders/{placed}/returns");
    shop.post(&early, &shop.customer, &units(1, 1), StatusCode::CONFLICT).await;
    let order = shop.delivered("sim_ok").await;
    let request = format!("/orders/{order}/returns");
    for (body, status) in [
        (units(9, 1), StatusCode::UNPROCESSABLE_ENTITY),
        (units(1, 4), StatusCode::CONFLICT),
        (json!({ "reason": "bored", "lines": [{ "line_no": 1, "quantity": 1 }] }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "reason": "other", "lines": [] }), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        shop.post(&request, &shop.customer, &body, status).await;
    }
    let path = shop.approved(&order, 2).await;
    let receive = format!("{path}/receive");
    for counts in [&[("damaged", 1)][..], &[("damaged", 3)], &[("broken", 2)]] {
        shop.post(&receive, &shop.vendor, &counted(counts), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let elsewhere = json!({ "warehouse_code": "MOON", "lines": counted(&[("damaged", 2)])["lines"] });
    shop.post(&receive, &shop.vendor, &elsewhere, StatusCode::UNPROCESSABLE_ENTITY).await;
    sqlx::query("UPDATE orders.events SET at = at - interval '31 days'").execute(&shop.client.pool).await.expect("set");
    let late = shop.post(&request, &shop.customer, &units(1, 1), StatusCode::CONFLICT).await;
    assert!(late["detail"].as_str().is_some_and(|detail| detail.contains("returned until")), "{late}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_exchange_is_an_order_that_names_its_return(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let path = shop.requested(&order, 1).await;
    let id = path.rsplit('/').next().expect("an id");
    let exchange = |by: TestUser| {
        let body = json!({ "items": [{ "sku": HEADPHONES, "quantity": 1 }], "exchange_of": id });
        post("/orders").by(&by).header("idempotency-key", &Uuid::now_v7().to_string()).json(&body)
    };

    let accepted = shop.client.send(exchange(shop.customer.clone())).await.expect(StatusCode::ACCEPTED);
    shop.client.send(exchange(shop.admin.clone())).await.expect(StatusCode::UNPROCESSABLE_ENTITY);

    let new_order = accepted["order_id"].as_str().expect("an id");
    assert_eq!(shop.get(&format!("/orders/{new_order}"), &shop.customer).await["exchange_of"], id);
    assert_eq!(shop.get(&path, &shop.customer).await["exchange_order_ids"], json!([new_order]));
    shop.post(&format!("{path}/decline"), &shop.vendor, &json!({ "note": "It is worn" }), StatusCode::OK).await;
    shop.client.send(exchange(shop.customer.clone())).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(shop.get(&path, &shop.customer).await["decision_note"], "It is worn");
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_vendor_decides_on_a_return_of_the_lines_they_sell(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let other = shop.client.create_user("other", Role::Vendor).await;
    sqlx::query("UPDATE catalogue.products SET vendor_id = $1 WHERE sku = $2")
        .bind(other.id.as_uuid())
        .bind(CABLE)
        .execute(&shop.client.pool)
        .await
        .expect("set");
    let order = shop.placed("sim_ok").await;
    work(&shop.client).await;
    let shipments = shop.get(&format!("/orders/{order}/shipments"), &shop.admin).await;
    for shipment in shipments["items"].as_array().expect("shipments") {
        let path = format!("/shipments/{}/events", shipment["tracking_number"].as_str().expect("a number"));
        shop.post(&path, &shop.admin, &json!({ "status": "delivered" }), StatusCode::OK).await;
    }
    work(&shop.client).await;
    let lines = [json!({ "line_no": 1, "quantity": 1 }), json!({ "line_no": 2, "quantity": 1 })];
    let both = json!({ "reason": "wrong_item", "lines": lines });

    let path = format!("/orders/{order}/returns");
    let requested = shop.post(&path, &shop.customer, &both, StatusCode::CREATED).await;

    assert_eq!(requested["items"].as_array().map(Vec::len), Some(2));
    for (vendor, rival, sku) in [(&shop.vendor, &other, HEADPHONES), (&other, &shop.vendor, CABLE)] {
        let own = shop.get("/returns", vendor).await;
        assert_eq!(
            (own["items"].as_array().map(Vec::len), &own["items"][0]["lines"][0]["sku"]),
            (Some(1), &json!(sku))
        );
        let approve = format!("/returns/{}/approve", own["items"][0]["id"].as_str().expect("an id"));
        shop.post(&approve, rival, &json!({}), StatusCode::NOT_FOUND).await;
        shop.post(&approve, vendor, &json!({}), StatusCode::OK).await;
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unchanged_return_is_not_sent_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let path = shop.requested(&order, 1).await;
    let first = shop.client.send(get(&path).by(&shop.customer)).await;
    let etag = first.headers["etag"].to_str().expect("text").to_owned();

    let known = get(&path).by(&shop.customer).header("if-none-match", &etag);
    assert_eq!(shop.client.send(known).await.status, StatusCode::NOT_MODIFIED);
    shop.post(&format!("{path}/approve"), &shop.vendor, &json!({}), StatusCode::OK).await;
    let known = get(&path).by(&shop.customer).header("if-none-match", &etag);
    assert_eq!(shop.client.send(known).await.status, StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_has_a_limited_number_of_returns(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    for _ in 0..RETURNS_MAX {
        let path = shop.requested(&order, 1).await;
        shop.post(&format!("{path}/cancel"), &shop.customer, &json!({}), StatusCode::OK).await;
    }

    let request = post(&format!("/orders/{order}/returns")).by(&shop.customer).json(&units(1, 1));
    let refused = shop.client.send(request).await;

    assert!(refused.body["detail"].as_str().is_some_and(|detail| detail.contains("has 100 returns")));
    refused.expect_problem(409, "invalid-state");
}
