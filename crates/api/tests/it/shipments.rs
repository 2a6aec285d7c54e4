use crate::client::{Door, Person, get, post};
use crate::worker_fixture;
use accounts::Role;
use axum::http::StatusCode;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_not_tracked_is_not_there(pool: PgPool) {
    let door = Door::open(pool);
    let admin: Person = door.person("admin", Role::Admin).await;
    let report = json!({ "status": "handed_over" });

    door.send(get("/shipments/SIM-404").of(&admin)).await.expect_problem(404, "not-found");
    door.send(post("/shipments/SIM-404/events").of(&admin).json(&report)).await.expect_problem(404, "not-found");
    door.send(get("/shipments/%27%20OR%201=1").of(&admin)).await.expect_problem(400, "invalid-parameter");
}

#[sqlx::test(migrations = "../../migrations")]
async fn reports_that_are_none_are_422(pool: PgPool) {
    let door = Door::open(pool);
    let vendor: Person = door.person("vendor", Role::Vendor).await;
    let cases = [
        (json!({}), "/status"),
        (json!({ "status": "lost" }), "/status"),
        (json!({ "status": "delivered", "occurred_at": "yesterday" }), "/occurred_at"),
        (json!({ "status": "delivered", "occurred_at": "2999-01-01T00:00:00Z" }), "/occurred_at"),
        (json!({ "status": "delivered", "occurred_at": "-9999-01-01T00:00:00Z" }), "/occurred_at"),
        (json!({ "status": "delivered", "occurred_at": "0001-01-01T00:00:00Z" }), "/occurred_at"),
        (json!({ "status": "delivered", "note": "x".repeat(501) }), "/note"),
        (json!({ "status": "delivered", "source": "carrier:x" }), "/source"),
    ];

    for (body, pointer) in cases {
        let answer = door.send(post("/shipments/SIM-404/events").of(&vendor).json(&body)).await;
        assert_eq!(answer.pointers(), [pointer], "{body}");
        answer.expect_problem(422, "validation");
    }
    assert_eq!(door.send(get("/products")).await.status, StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_is_its_orders_to_see_and_its_vendors_to_report_on(pool: PgPool) {
    let door = Door::open(pool);
    let vendor = door.person("vendor", Role::Vendor).await;
    let customer = door.customer().await;
    let warehouse = door.stock(vendor.id).await;
    let order = door.place(&customer).await;
    let number = worker_fixture::book(&door, &order, warehouse).await;
    let strangers = [door.person("other", Role::Customer).await, door.person("stranger", Role::Vendor).await];
    let (path, events) = (format!("/shipments/{number}"), format!("/shipments/{number}/events"));
    let now = platform::clock::now();
    let report = || json!({ "status": "handed_over", "occurred_at": now });

    for person in [&customer, &vendor] {
        let shipment = door.send(get(&path).of(person)).await.expect(StatusCode::OK);
        assert_eq!((&shipment["status"], &shipment["order_id"]), (&json!("booked"), &json!(order)));
        let of_order = door.send(get(&format!("/orders/{order}/shipments")).of(person)).await.expect(StatusCode::OK);
        assert_eq!(of_order["items"], json!([shipment]));
    }
    for person in &strangers {
        door.send(get(&path).of(person)).await.expect_problem(404, "not-found");
    }
    door.send(post(&events).of(&strangers[1]).json(&report())).await.expect_problem(404, "not-found");

    let early = json!({ "status": "handed_over", "occurred_at": now - TimeDelta::days(2) });
    let refused = door.send(post(&events).of(&vendor).json(&early)).await;
    assert_eq!(refused.pointers(), ["/occurred_at"], "it was not asked for yet");
    refused.expect_problem(422, "validation");
    for recorded in ["moved", "duplicate"] {
        let answer = door.send(post(&events).of(&vendor).json(&report())).await.expect(StatusCode::OK);
        assert_eq!(answer["recorded"], recorded);
    }
    let moved = door.send(get(&path).of(&customer)).await.expect(StatusCode::OK);
    assert_eq!((&moved["status"], &moved["events"][0]["status"]), (&json!("handed_over"), &json!("handed_over")));
}
