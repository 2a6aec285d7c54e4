use crate::client::{Ask, CABLE, Door, HEADPHONES, PASSWORD, Person, get, post};
use crate::worker_fixture;
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::HashSet;
use uuid::Uuid;

async fn shop(pool: PgPool) -> (Door, Person, Person) {
    let door = Door::open(pool);
    let vendor = door.person("vendor", Role::Vendor).await;
    door.stock(vendor.id).await;
    let customer = door.customer().await;
    (door, customer, vendor)
}

fn order(person: &Person, key: &str, quantity: u32) -> Ask {
    let body = json!({ "currency": "USD", "items": [{ "sku": HEADPHONES, "quantity": quantity }] });
    post("/orders").of(person).header("idempotency-key", key).json(&body)
}

async fn orders_stored(door: &Door) -> i64 {
    let count = sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM orders.orders"#);
    count.fetch_one(&door.pool).await.expect("a count")
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_accepted_order_is_found_at_its_location_with_our_price(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;

    let accepted = door.send(order(&customer, "order-2026-0001", 2)).await;

    let location = accepted.headers["location"].to_str().unwrap().to_owned();
    assert!(!accepted.headers.contains_key("idempotent-replayed"));
    let body = accepted.expect(StatusCode::ACCEPTED);
    let id = body["order_id"].as_str().unwrap();
    let message = "Order accepted for async processing";
    let expected = json!({"status": "accepted", "order_id": id, "order_status": "pending", "message": message});
    assert_eq!(body, expected);
    assert_eq!(location, format!("/api/v1/orders/{id}"));

    let found = door.send(get(&location).of(&customer)).await.expect(StatusCode::OK);
    assert_eq!(
        (&found["id"], &found["status"], &found["payment_status"]),
        (&json!(id), &json!("pending"), &json!("unpaid"))
    );
    assert_eq!(found["total"], json!({ "amount_minor": 15_998, "currency": "USD" }));
    assert_eq!(found["items"][0]["unit_price"]["amount_minor"], 7_999);
    assert_eq!(found["payment_method"], "sim_ok");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_same_request_is_answered_the_same_however_it_is_written_6_to_8(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let first = door.send(order(&customer, "order-2026-0001", 2)).await.expect(StatusCode::ACCEPTED);
    let reordered =
        format!("  {{ \"items\" : [ {{\"quantity\":2, \"sku\":\"{HEADPHONES}\"}} ],\n\"currency\":\"USD\" }}");

    let again = order(&customer, "order-2026-0001", 2);
    let quoted = order(&customer, "\"order-2026-0001\"", 2);
    let rewritten = post("/orders").of(&customer).header("idempotency-key", "order-2026-0001").text(reordered);

    for ask in [again, quoted, rewritten] {
        let answer = door.send(ask).await;
        assert_eq!(answer.headers["idempotent-replayed"], "true");
        assert!(answer.headers.contains_key("location"));
        assert_eq!(answer.expect(StatusCode::ACCEPTED), first);
    }
    assert_eq!(orders_stored(&door).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_stands_for_one_request_of_one_caller_9_11(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let other = door.person("other", Role::Customer).await;
    let first = door.send(order(&customer, "k", 2)).await.expect(StatusCode::ACCEPTED);

    door.send(order(&customer, "k", 3)).await.expect_problem(422, "idempotency-key-reused");

    let others = door.send(order(&other, "k", 2)).await.expect(StatusCode::ACCEPTED);
    assert_ne!(others["order_id"], first["order_id"]);
    assert_eq!(orders_stored(&door).await, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn fifty_twins_at_once_make_one_order_10(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;

    let twins = futures::future::join_all((0..50).map(|_| door.send(order(&customer, "twins", 2)))).await;

    let replayed = twins.iter().filter(|twin| twin.headers.contains_key("idempotent-replayed")).count();
    let ids: HashSet<_> =
        twins.into_iter().map(|twin| twin.expect(StatusCode::ACCEPTED)["order_id"].to_string()).collect();
    assert_eq!((ids.len(), replayed), (1, 49));
    assert_eq!(orders_stored(&door).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_earlier_answer_outlives_the_product(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let first = door.send(order(&customer, "k", 2)).await.expect(StatusCode::ACCEPTED);
    let withdraw = sqlx::query!("UPDATE catalogue.products SET active = false WHERE sku = $1", HEADPHONES);
    withdraw.execute(&door.pool).await.unwrap();
    door.state.catalogue.refresh().await.unwrap();

    assert_eq!(door.send(order(&customer, "k", 2)).await.expect(StatusCode::ACCEPTED), first);
    door.send(order(&customer, "k", 3)).await.expect_problem(422, "idempotency-key-reused");
    door.send(order(&customer, "new", 2)).await.expect_problem(422, "unknown-sku");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_odd_but_harmless_is_accepted_37_38(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let body = json!({
        "items": [{ "sku": CABLE, "quantity": 1000 }], "note": "<script>alert(1)</script>", "payment_method": "sim_declined"
    });

    let ask = post("/orders").of(&customer).header("idempotency-key", "odd").json(&body);
    let accepted = door.send(ask).await.expect(StatusCode::ACCEPTED);

    let path = format!("/orders/{}", accepted["order_id"].as_str().unwrap());
    let found = door.send(get(&path).of(&customer)).await.expect(StatusCode::OK);
    assert_eq!(found["note"], "<script>alert(1)</script>");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unchanged_order_is_not_sent_again(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let path = format!("/orders/{}", door.place(&customer).await);
    let first = door.send(get(&path).of(&customer)).await;
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(first.headers["cache-control"], "private, no-cache");

    for known in [etag.clone(), format!("\"other\", W/{etag}"), "*".into()] {
        let answer = door.send(get(&path).of(&customer).header("if-none-match", &known)).await;
        assert_eq!(answer.headers["etag"], etag.as_str());
        assert_eq!(answer.expect(StatusCode::NOT_MODIFIED), json!(""));
    }
    door.send(post(&format!("{path}/cancel")).of(&customer)).await.expect(StatusCode::ACCEPTED);
    let changed = door.send(get(&path).of(&customer).header("if-none-match", &etag)).await;
    assert_ne!(changed.headers["etag"], etag.as_str());
    changed.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn pages_show_each_order_once_the_newest_first(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(door.place(&customer).await);
    }
    placed.reverse();

    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = door.send(get(&format!("/orders?limit=2{next}")).of(&customer)).await.expect(StatusCode::OK);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|order| order["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }

    assert_eq!(seen, placed);
    let none = door.send(get("/orders?status=delivered").of(&customer)).await.expect(StatusCode::OK);
    assert_eq!(none, json!({ "items": [] }));
    let all = door.send(get(&format!("/orders?status=pending&sku={HEADPHONES}")).of(&customer)).await;
    assert_eq!(all.expect(StatusCode::OK)["items"].as_array().unwrap().len(), 5);
}

#[sqlx::test(migrations = "../../migrations")]
async fn filters_and_cursors_that_are_none_are_422_67_68(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
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
        let answer = door.send(get(&format!("/orders?{query}")).of(&customer)).await;
        assert_eq!(answer.pointers(), [parameter], "{query}: {}", answer.body);
        answer.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn somebody_elses_order_is_not_there_60_61_63_66(pool: PgPool) {
    let (door, customer, vendor) = shop(pool).await;
    let other = door.person("other", Role::Customer).await;
    let stranger = door.person("stranger", Role::Vendor).await;
    let admin = door.person("admin", Role::Admin).await;
    let id = door.place(&customer).await;
    let nobodys = Uuid::now_v7();

    for part in ["", "/events", "/shipments"] {
        let path = format!("/orders/{id}{part}");
        for person in [&other, &stranger] {
            door.send(get(&path).of(person)).await.expect_problem(404, "not-found");
        }
        for person in [&customer, &vendor, &admin] {
            door.send(get(&path).of(person)).await.expect(StatusCode::OK);
        }
        door.send(get(&format!("/orders/{nobodys}{part}")).of(&admin)).await.expect_problem(404, "not-found");
        door.send(get(&format!("/orders/not-a-uuid{part}")).of(&admin)).await.expect_problem(400, "invalid-parameter");
    }
    door.send(get(&format!("/orders/{id}/payments")).of(&other)).await.expect_problem(404, "not-found");
    door.send(post(&format!("/orders/{id}/cancel")).of(&other)).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_timeline_begins_with_acceptance(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let id = door.place(&customer).await;

    let timeline = door.send(get(&format!("/orders/{id}/events")).of(&customer)).await.expect(StatusCode::OK);

    let first = &timeline["items"][0];
    assert_eq!(
        (&first["version"], &first["kind"], &first["to_status"]),
        (&json!(1), &json!("accepted"), &json!("pending"))
    );
    let payments = door.send(get(&format!("/orders/{id}/payments")).of(&customer)).await.expect(StatusCode::OK);
    assert_eq!(payments, json!({ "items": [] }));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_is_cancelled_once_however_often_it_is_asked_65(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let id = door.place(&customer).await;
    let path = format!("/orders/{id}/cancel");

    let first = door.send(post(&path).of(&customer).json(&json!({ "reason": "mistake" }))).await;
    let first = first.expect(StatusCode::ACCEPTED);
    let many = futures::future::join_all((0..20).map(|_| door.send(post(&path).of(&customer)))).await;

    assert_eq!((&first["status"], &first["order_id"]), (&json!("accepted"), &json!(id)));
    for again in many {
        assert_eq!(again.expect(StatusCode::ACCEPTED)["order_status"], first["order_status"]);
    }
    let timeline = door.send(get(&format!("/orders/{id}/events")).of(&customer)).await.expect(StatusCode::OK);
    let kinds: Vec<_> = timeline["items"].as_array().unwrap().iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == json!("cancelling")).count(), 1, "{kinds:?}");
    for bad in [json!({ "reason": "" }), json!({ "note": "x".repeat(1_001) }), json!({ "refund": 1 })] {
        door.send(post(&path).of(&customer).json(&bad)).await.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn words_are_no_reason_to_cancel_and_the_answer_names_those_that_are(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let id = door.place(&customer).await;
    let body = json!({ "reason": "changed my mind" });

    let refused = door.send(post(&format!("/orders/{id}/cancel")).of(&customer).json(&body)).await;

    assert_eq!(refused.pointers(), ["/reason"]);
    let told = refused.expect_problem(422, "validation").to_string();
    assert!(told.contains("customer_request") && told.contains("fraud") && told.contains("note"), "{told}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_is_its_customers_whatever_their_role_is_now(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let id = door.place(&customer).await;
    let admin = door.person("admin", Role::Admin).await;
    let role = Ask::new(Method::PUT, &format!("/admin/users/{}/role", customer.id)).of(&admin);
    door.send(role.json(&json!({ "role": "vendor" }))).await.expect(StatusCode::OK);
    let session = door.log_in(&customer.email, PASSWORD).await.expect(StatusCode::OK);
    let now_vendor = session["access_token"].as_str().expect("a token");

    for path in ["", "/events", "/shipments", "/payments"] {
        door.send(get(&format!("/orders/{id}{path}")).token(now_vendor)).await.expect(StatusCode::OK);
    }
    let listed = door.send(get("/orders").token(now_vendor)).await.expect(StatusCode::OK);
    assert_eq!(listed["items"][0]["id"], id);
    let cancelled = door.send(post(&format!("/orders/{id}/cancel")).token(now_vendor)).await;
    assert_eq!(cancelled.expect(StatusCode::ACCEPTED)["order_status"], "cancelling");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_neither_cancels_nor_sees_the_money_of_what_they_only_sell(pool: PgPool) {
    let (door, customer, vendor) = shop(pool).await;
    let id = door.place(&customer).await;

    door.send(get(&format!("/orders/{id}")).of(&vendor)).await.expect(StatusCode::OK);
    door.send(get(&format!("/orders/{id}/payments")).of(&vendor)).await.expect_problem(404, "not-found");
    door.send(post(&format!("/orders/{id}/cancel")).of(&vendor)).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_has_ended_can_not_be_cancelled_64(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let id = door.place(&customer).await;
    worker_fixture::reject(&door, &id).await;

    let refused = door.send(post(&format!("/orders/{id}/cancel")).of(&customer)).await;

    refused.expect_problem(409, "invalid-state");
    let order = door.send(get(&format!("/orders/{id}")).of(&customer)).await.expect(StatusCode::OK);
    assert_eq!((&order["status"], &order["reason"]), (&json!("rejected"), &json!("out_of_stock")));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_request_id_goes_with_everything_that_follows_from_the_request(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;

    let ask = order(&customer, "traced", 1).header("x-request-id", "shop-17");
    assert_eq!(door.send(ask).await.headers["x-request-id"], "shop-17");

    let payloads = sqlx::query_scalar!("SELECT payload FROM messaging.outbox").fetch_all(&door.pool).await.unwrap();
    assert!(!payloads.is_empty());
    for payload in payloads {
        let message: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(message["correlation_id"], "shop-17");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn method_override_headers_are_ignored_47(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;

    let ask = Ask::new(Method::GET, "/orders").of(&customer).header("x-http-method-override", "DELETE");

    door.send(ask).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payment_method_that_the_gateway_does_not_know_is_refused_at_once(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let order = |method: &str| {
        let body = json!({ "items": [{ "sku": HEADPHONES, "quantity": 1 }], "payment_method": method });
        post("/orders").of(&customer).header("idempotency-key", method).json(&body)
    };

    for unknown in ["gold", "sim_unheard_of"] {
        let answer = door.send(order(unknown)).await;
        assert_eq!(answer.pointers(), ["/payment_method"]);
        let told = answer.expect_problem(422, "validation")["detail"].to_string();
        let known = ["sim_ok", "sim_declined", "sim_timeout", "sim_flaky", "sim_down"];
        assert!(known.iter().chain([&unknown]).all(|name| told.contains(name)), "{told}");
    }
    assert_eq!(orders_stored(&door).await, 0);
    door.send(order("sim_declined")).await.expect(StatusCode::ACCEPTED);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_time_that_no_order_could_have_is_422_and_says_what_is_meant(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let placed = door.place(&customer).await;
    let bad = ["-262143-01-01T00:00:00Z", "%2B262142-12-31T23:59:59Z", "-9999-01-01T00:00:00Z", "1999-12-31T23:59:59Z"];

    for name in ["created_from", "created_to"] {
        for time in bad {
            let answer = door.send(get(&format!("/orders?{name}={time}")).of(&customer)).await;
            assert_eq!(answer.pointers(), [name]);
            let told = answer.expect_problem(422, "validation")["detail"].to_string();
            assert!(
                told.contains(name) && told.contains("RFC 3339") && told.contains("2026-01-15T09:30:00Z"),
                "{told}"
            );
        }
    }
    let range = "/orders?created_from=2000-01-01T00:00:00Z&created_to=2100-01-01T00:00:00Z";
    let found = door.send(get(range).of(&customer)).await.expect(StatusCode::OK);
    assert_eq!(found["items"][0]["id"], placed.as_str());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_body_of_null_is_none_where_it_may_be_left_out_and_refused_elsewhere(pool: PgPool) {
    let (door, customer, _) = shop(pool).await;
    let placed = door.place(&customer).await;

    let refused = door.send(post("/orders").of(&customer).header("idempotency-key", "null").text("null")).await;
    let told = refused.expect_problem(422, "validation")["detail"].to_string();
    assert!(told.contains("null"), "{told}");
    let cancel = post(&format!("/orders/{placed}/cancel")).of(&customer).text("null");
    door.send(cancel).await.expect(StatusCode::ACCEPTED);
}
