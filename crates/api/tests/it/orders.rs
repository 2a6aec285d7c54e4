//! Placing, reading and cancelling orders over HTTP. The numbers in the test names are those of the list of bad input.

use crate::client::{ApiClient, ApiRequest, CABLE, HEADPHONES, PASSWORD, TestUser, get, post};
use crate::worker_fixture;
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::HashSet;
use uuid::Uuid;

async fn setup(pool: PgPool) -> (ApiClient, TestUser, TestUser) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let customer = client.customer().await;
    (client, customer, vendor)
}

fn order(user: &TestUser, key: &str, quantity: u32) -> ApiRequest {
    let body = json!({ "currency": "USD", "items": [{ "sku": HEADPHONES, "quantity": quantity }] });
    post("/orders").by(user).header("idempotency-key", key).json(&body)
}

async fn orders_stored(client: &ApiClient) -> i64 {
    let count = sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM orders.orders"#);
    count.fetch_one(&client.pool).await.expect("a count")
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_accepted_order_is_found_at_its_location_with_the_catalogue_price(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;

    let accepted = client.send(order(&customer, "order-2026-0001", 2)).await;

    let location = accepted.headers["location"].to_str().unwrap().to_owned();
    assert!(!accepted.headers.contains_key("idempotent-replayed"));
    let body = accepted.expect(StatusCode::ACCEPTED);
    let id = body["order_id"].as_str().unwrap();
    let message = "Order accepted for async processing";
    let number = body["order_number"].as_str().unwrap();
    let expected = json!({"status": "accepted", "order_id": id, "order_number": number, "order_status": "pending", "message": message});
    assert_eq!(body, expected);
    assert_eq!(location, format!("/api/v1/orders/{id}"));

    let found = client.send(get(&location).by(&customer)).await.expect(StatusCode::OK);
    assert_eq!(
        (&found["id"], &found["status"], &found["payment_status"]),
        (&json!(id), &json!("pending"), &json!("unpaid"))
    );
    assert_eq!(found["total"], json!({ "amount_minor": 15_998, "currency": "USD" }));
    assert_eq!(found["items"][0]["unit_price"]["amount_minor"], 7_999);
    assert_eq!(found["payment_method"], "sim_ok");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_same_request_gets_the_same_response_however_it_is_written_6_to_8(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let first = client.send(order(&customer, "order-2026-0001", 2)).await.expect(StatusCode::ACCEPTED);
    let reordered =
        format!("  {{ \"items\" : [ {{\"quantity\":2, \"sku\":\"{HEADPHONES}\"}} ],\n\"currency\":\"USD\" }}");

    let again = order(&customer, "order-2026-0001", 2);
    let quoted = order(&customer, "\"order-2026-0001\"", 2);
    let rewritten = post("/orders").by(&customer).header("idempotency-key", "order-2026-0001").text(reordered);

    for request in [again, quoted, rewritten] {
        let response = client.send(request).await;
        assert_eq!(response.headers["idempotent-replayed"], "true");
        assert!(response.headers.contains_key("location"));
        assert_eq!(response.expect(StatusCode::ACCEPTED), first);
    }
    assert_eq!(orders_stored(&client).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_identifies_one_request_of_one_caller_9_11(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let other = client.create_user("other", Role::Customer).await;
    let first = client.send(order(&customer, "k", 2)).await.expect(StatusCode::ACCEPTED);

    client.send(order(&customer, "k", 3)).await.expect_problem(422, "idempotency-key-reused");

    let others = client.send(order(&other, "k", 2)).await.expect(StatusCode::ACCEPTED);
    assert_ne!(others["order_id"], first["order_id"]);
    assert_eq!(orders_stored(&client).await, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn fifty_concurrent_duplicates_make_one_order_10(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;

    let duplicates = futures::future::join_all((0..50).map(|_| client.send(order(&customer, "duplicates", 2)))).await;

    let replayed = duplicates.iter().filter(|response| response.headers.contains_key("idempotent-replayed")).count();
    let ids: HashSet<_> =
        duplicates.into_iter().map(|response| response.expect(StatusCode::ACCEPTED)["order_id"].to_string()).collect();
    assert_eq!((ids.len(), replayed), (1, 49));
    assert_eq!(orders_stored(&client).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stored_response_outlives_the_product(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let first = client.send(order(&customer, "k", 2)).await.expect(StatusCode::ACCEPTED);
    let withdraw = sqlx::query!("UPDATE catalogue.products SET active = false WHERE sku = $1", HEADPHONES);
    withdraw.execute(&client.pool).await.unwrap();
    client.state.catalogue.refresh().await.unwrap();

    assert_eq!(client.send(order(&customer, "k", 2)).await.expect(StatusCode::ACCEPTED), first);
    client.send(order(&customer, "k", 3)).await.expect_problem(422, "idempotency-key-reused");
    client.send(order(&customer, "new", 2)).await.expect_problem(422, "unknown-sku");
}

#[sqlx::test(migrations = "../../migrations")]
async fn unusual_but_harmless_orders_are_accepted_37_38(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let body = json!({
        "items": [{ "sku": CABLE, "quantity": 1000 }], "note": "<script>alert(1)</script>", "payment_method": "sim_declined"
    });

    let request = post("/orders").by(&customer).header("idempotency-key", "odd").json(&body);
    let accepted = client.send(request).await.expect(StatusCode::ACCEPTED);

    let path = format!("/orders/{}", accepted["order_id"].as_str().unwrap());
    let found = client.send(get(&path).by(&customer)).await.expect(StatusCode::OK);
    assert_eq!(found["note"], "<script>alert(1)</script>");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unchanged_order_is_not_sent_again(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let path = format!("/orders/{}", client.place(&customer).await);
    let first = client.send(get(&path).by(&customer)).await;
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(first.headers["cache-control"], "private, no-cache");

    for known in [etag.clone(), format!("\"other\", W/{etag}"), "*".into()] {
        let response = client.send(get(&path).by(&customer).header("if-none-match", &known)).await;
        assert_eq!(response.headers["etag"], etag.as_str());
        assert_eq!(response.expect(StatusCode::NOT_MODIFIED), json!(""));
    }
    client.send(post(&format!("{path}/cancel")).by(&customer)).await.expect(StatusCode::ACCEPTED);
    let changed = client.send(get(&path).by(&customer).header("if-none-match", &etag)).await;
    assert_ne!(changed.headers["etag"], etag.as_str());
    changed.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn pages_show_each_order_once_the_newest_first(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(client.place(&customer).await);
    }
    placed.reverse();

    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = client.send(get(&format!("/orders?limit=2{next}")).by(&customer)).await.expect(StatusCode::OK);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|order| order["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }

    assert_eq!(seen, placed);
    let none = client.send(get("/orders?status=delivered").by(&customer)).await.expect(StatusCode::OK);
    assert_eq!(none, json!({ "items": [] }));
    let all = client.send(get(&format!("/orders?status=pending&sku={HEADPHONES}")).by(&customer)).await;
    assert_eq!(all.expect(StatusCode::OK)["items"].as_array().unwrap().len(), 5);
}

#[sqlx::test(migrations = "../../migrations")]
async fn invalid_filters_and_cursors_are_422_67_68(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let cases = [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=100000", "limit"),
        ("limit=abc", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=forged", "cursor"),
        ("cursor=%27%20OR%201%3D1--", "cursor"),
        ("status=%27%20OR%201%3D1--", "status"),
        ("sort=password_hash", "sort"),
        ("created_from=yesterday", "created_from"),
        ("sku=%00", "sku"),
    ];

    for (query, parameter) in cases {
        let response = client.send(get(&format!("/orders?{query}")).by(&customer)).await;
        assert_eq!(response.pointers(), [parameter], "{query}: {}", response.body);
        response.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_of_another_customer_is_404_60_61_63_66(pool: PgPool) {
    let (client, customer, vendor) = setup(pool).await;
    let other = client.create_user("other", Role::Customer).await;
    let stranger = client.create_user("stranger", Role::Vendor).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let id = client.place(&customer).await;
    let unknown = Uuid::now_v7();

    for part in ["", "/events", "/shipments"] {
        let path = format!("/orders/{id}{part}");
        for user in [&other, &stranger] {
            client.send(get(&path).by(user)).await.expect_problem(404, "not-found");
        }
        for user in [&customer, &vendor, &admin] {
            client.send(get(&path).by(user)).await.expect(StatusCode::OK);
        }
        client.send(get(&format!("/orders/{unknown}{part}")).by(&admin)).await.expect_problem(404, "not-found");
        client
            .send(get(&format!("/orders/not-a-uuid{part}")).by(&admin))
            .await
            .expect_problem(400, "invalid-parameter");
    }
    client.send(get(&format!("/orders/{id}/payments")).by(&other)).await.expect_problem(404, "not-found");
    client.send(post(&format!("/orders/{id}/cancel")).by(&other)).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_timeline_begins_with_acceptance(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let id = client.place(&customer).await;

    let timeline = client.send(get(&format!("/orders/{id}/events")).by(&customer)).await.expect(StatusCode::OK);

    let first = &timeline["items"][0];
    assert_eq!(
        (&first["version"], &first["kind"], &first["to_status"]),
        (&json!(1), &json!("accepted"), &json!("pending"))
    );
    let payments = client.send(get(&format!("/orders/{id}/payments")).by(&customer)).await.expect(StatusCode::OK);
    assert_eq!(payments, json!({ "items": [] }));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_cancellation_cancels_once_65(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let id = client.place(&customer).await;
    let path = format!("/orders/{id}/cancel");

    let first = client.send(post(&path).by(&customer).json(&json!({ "reason": "mistake" }))).await;
    let first = first.expect(StatusCode::ACCEPTED);
    let many = futures::future::join_all((0..20).map(|_| client.send(post(&path).by(&customer)))).await;

    assert_eq!((&first["status"], &first["order_id"]), (&json!("accepted"), &json!(id)));
    for again in many {
        assert_eq!(again.expect(StatusCode::ACCEPTED)["order_status"], first["order_status"]);
    }
    let timeline = client.send(get(&format!("/orders/{id}/events")).by(&customer)).await.expect(StatusCode::OK);
    let kinds: Vec<_> = timeline["items"].as_array().unwrap().iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == json!("cancelling")).count(), 1, "{kinds:?}");
    for bad in [json!({ "reason": "" }), json!({ "note": "x".repeat(1_001) }), json!({ "refund": 1 })] {
        client.send(post(&path).by(&customer).json(&bad)).await.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unknown_reason_to_cancel_is_refused_and_the_known_ones_are_named(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let id = client.place(&customer).await;
    let body = json!({ "reason": "changed my mind" });

    let refused = client.send(post(&format!("/orders/{id}/cancel")).by(&customer).json(&body)).await;

    assert_eq!(refused.pointers(), ["/reason"]);
    let problem = refused.expect_problem(422, "validation").to_string();
    assert!(["customer_request", "fraud", "note"].iter().all(|known| problem.contains(known)), "{problem}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_customer_keeps_access_to_their_order_after_a_role_change(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let id = client.place(&customer).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let role = ApiRequest::new(Method::PUT, &format!("/admin/users/{}/role", customer.id)).by(&admin);
    client.send(role.json(&json!({ "role": "vendor" }))).await.expect(StatusCode::OK);
    let session = client.log_in(&customer.email, PASSWORD).await.expect(StatusCode::OK);
    let now_vendor = session["access_token"].as_str().expect("a token");

    for path in ["", "/events", "/shipments", "/payments"] {
        client.send(get(&format!("/orders/{id}{path}")).token(now_vendor)).await.expect(StatusCode::OK);
    }
    let listed = client.send(get("/orders").token(now_vendor)).await.expect(StatusCode::OK);
    assert_eq!(listed["items"][0]["id"], id);
    let cancelled = client.send(post(&format!("/orders/{id}/cancel")).token(now_vendor)).await;
    assert_eq!(cancelled.expect(StatusCode::ACCEPTED)["order_status"], "cancelling");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_neither_cancels_nor_sees_the_payments_of_orders_of_others(pool: PgPool) {
    let (client, customer, vendor) = setup(pool).await;
    let id = client.place(&customer).await;

    client.send(get(&format!("/orders/{id}")).by(&vendor)).await.expect(StatusCode::OK);
    client.send(get(&format!("/orders/{id}/payments")).by(&vendor)).await.expect_problem(404, "not-found");
    client.send(post(&format!("/orders/{id}/cancel")).by(&vendor)).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_has_ended_can_not_be_cancelled_64(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let id = client.place(&customer).await;
    worker_fixture::reject(&client, &id).await;

    let refused = client.send(post(&format!("/orders/{id}/cancel")).by(&customer)).await;

    refused.expect_problem(409, "invalid-state");
    let order = client.send(get(&format!("/orders/{id}")).by(&customer)).await.expect(StatusCode::OK);
    assert_eq!((&order["status"], &order["reason"]), (&json!("rejected"), &json!("out_of_stock")));
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_request_id_is_the_correlation_id_of_every_message_of_the_request(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;

    let request = order(&customer, "traced", 1).header("x-request-id", "shop-17");
    assert_eq!(client.send(request).await.headers["x-request-id"], "shop-17");

    let payloads = sqlx::query_scalar!("SELECT payload FROM messaging.outbox").fetch_all(&client.pool).await.unwrap();
    assert!(!payloads.is_empty());
    for payload in payloads {
        let message: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(message["correlationid"], "shop-17");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn method_override_headers_are_ignored_47(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;

    let request = ApiRequest::new(Method::GET, "/orders").by(&customer).header("x-http-method-override", "DELETE");

    client.send(request).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payment_method_that_the_gateway_does_not_know_is_refused_at_once(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let order = |method: &str| {
        let body = json!({ "items": [{ "sku": HEADPHONES, "quantity": 1 }], "payment_method": method });
        post("/orders").by(&customer).header("idempotency-key", method).json(&body)
    };

    for unknown in ["gold", "sim_unknown"] {
        let response = client.send(order(unknown)).await;
        assert_eq!(response.pointers(), ["/payment_method"]);
        let detail = response.expect_problem(422, "validation")["detail"].to_string();
        let known = ["sim_ok", "sim_declined", "sim_timeout", "sim_flaky", "sim_down"];
        assert!(known.iter().chain([&unknown]).all(|name| detail.contains(name)), "{detail}");
    }
    assert_eq!(orders_stored(&client).await, 0);
    client.send(order("sim_declined")).await.expect(StatusCode::ACCEPTED);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_time_out_of_range_is_422_and_the_error_names_the_format(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let placed = client.place(&customer).await;
    let bad = ["-262143-01-01T00:00:00Z", "%2B262142-12-31T23:59:59Z", "-9999-01-01T00:00:00Z", "1999-12-31T23:59:59Z"];

    for name in ["created_from", "created_to"] {
        for time in bad {
            let response = client.send(get(&format!("/orders?{name}={time}")).by(&customer)).await;
            assert_eq!(response.pointers(), [name]);
            let detail = response.expect_problem(422, "validation")["detail"].to_string();
            let expected = [name, "RFC 3339", "2026-01-15T09:30:00Z"];
            assert!(expected.iter().all(|part| detail.contains(part)), "{detail}");
        }
    }
    let range = "/orders?created_from=2000-01-01T00:00:00Z&created_to=2100-01-01T00:00:00Z";
    let found = client.send(get(range).by(&customer)).await.expect(StatusCode::OK);
    assert_eq!(found["items"][0]["id"], placed.as_str());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_null_body_is_accepted_where_the_body_is_optional_and_refused_elsewhere(pool: PgPool) {
    let (client, customer, _) = setup(pool).await;
    let placed = client.place(&customer).await;

    let refused = client.send(post("/orders").by(&customer).header("idempotency-key", "null").text("null")).await;
    let detail = refused.expect_problem(422, "validation")["detail"].to_string();
    assert!(detail.contains("null"), "{detail}");
    let cancel = post(&format!("/orders/{placed}/cancel")).by(&customer).text("null");
    client.send(cancel).await.expect(StatusCode::ACCEPTED);
}
