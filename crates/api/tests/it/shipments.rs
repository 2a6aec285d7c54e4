//! Shipments over HTTP, and the events that vendors report on them.

use crate::client::{ApiClient, ApiRequest, TestUser, get, post};
use crate::worker_fixture;
use accounts::Role;
use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn an_unknown_tracking_number_is_404(pool: PgPool) {
    let client = ApiClient::new(pool);
    let admin: TestUser = client.create_user("admin", Role::Admin).await;
    let report = json!({ "status": "handed_over" });

    client.send(get("/shipments/SIM-404").by(&admin)).await.expect_problem(404, "not-found");
    client.send(post("/shipments/SIM-404/events").by(&admin).json(&report)).await.expect_problem(404, "not-found");
    client.send(get("/shipments/%27%20OR%201=1").by(&admin)).await.expect_problem(400, "invalid-parameter");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_event_is_422_and_names_the_member(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor: TestUser = client.create_user("vendor", Role::Vendor).await;
    let cases = [
        (json!({}), "/status"),
        (json!({ "status": "stolen" }), "/status"),
        (json!({ "status": "delivered", "occurred_at": "yesterday" }), "/occurred_at"),
        (json!({ "status": "delivered", "occurred_at": "2999-01-01T00:00:00Z" }), "/occurred_at"),
        (json!({ "status": "delivered", "occurred_at": "-9999-01-01T00:00:00Z" }), "/occurred_at"),
        (json!({ "status": "delivered", "occurred_at": "0001-01-01T00:00:00Z" }), "/occurred_at"),
        (json!({ "status": "delivered", "note": "x".repeat(501) }), "/note"),
        (json!({ "status": "delivered", "source": "carrier:x" }), "/source"),
    ];

    for (body, pointer) in cases {
        let response = client.send(post("/shipments/SIM-404/events").by(&vendor).json(&body)).await;
        assert_eq!(response.pointers(), [pointer], "{body}");
        response.expect_problem(422, "validation");
    }
    assert_eq!(client.send(get("/products")).await.status, StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_is_visible_to_its_customer_and_vendor_and_its_vendor_reports_events(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let customer = client.customer().await;
    let warehouse = client.create_stock(vendor.id).await;
    let order = client.place(&customer).await;
    let number = worker_fixture::book(&client, &order, warehouse).await;
    let strangers =
        [client.create_user("other", Role::Customer).await, client.create_user("stranger", Role::Vendor).await];
    let (path, events) = (format!("/shipments/{number}"), format!("/shipments/{number}/events"));
    let now = platform::clock::now();
    let report = || json!({ "status": "handed_over", "occurred_at": now });

    for user in [&customer, &vendor] {
        let shipment = client.send(get(&path).by(user)).await.expect(StatusCode::OK);
        assert_eq!((&shipment["status"], &shipment["order_id"]), (&json!("booked"), &json!(order)));
        assert_eq!((&shipment["warehouse_id"], &shipment["warehouse_code"]), (&json!(warehouse), &json!("EAST")));
        let of_order = client.send(get(&format!("/orders/{order}/shipments")).by(user)).await.expect(StatusCode::OK);
        assert_eq!(of_order["items"], json!([shipment]));
    }
    for user in &strangers {
        client.send(get(&path).by(user)).await.expect_problem(404, "not-found");
    }
    client.send(post(&events).by(&strangers[1]).json(&report())).await.expect_problem(404, "not-found");

    let early = json!({ "status": "handed_over", "occurred_at": now - TimeDelta::days(2) });
    let refused = client.send(post(&events).by(&vendor).json(&early)).await;
    assert_eq!(refused.pointers(), ["/occurred_at"], "before the shipment was booked");
    refused.expect_problem(422, "validation");
    for recorded in ["advanced", "duplicate"] {
        let response = client.send(post(&events).by(&vendor).json(&report())).await.expect(StatusCode::OK);
        assert_eq!(response["recorded"], recorded);
    }
    let advanced = client.send(get(&path).by(&customer)).await.expect(StatusCode::OK);
    assert_eq!((&advanced["status"], &advanced["events"][0]["status"]), (&json!("handed_over"), &json!("handed_over")));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_enters_the_tracking_number_of_a_manual_shipment_and_then_reports_its_milestones(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let customer = client.customer().await;
    let warehouse = client.create_stock(vendor.id).await;
    let order = client.place(&customer).await;
    let id = worker_fixture::book_with("manual", &client, &order, warehouse).await.to_lowercase();
    let (path, events, tracking) =
        (format!("/shipments/{id}"), format!("/shipments/{id}/events"), format!("/shipments/{id}/tracking"));
    let entry = json!({ "carrier": "DHL", "tracking_number": "jjd-1" });
    let report = |status: &str| json!({ "status": status });

    let early = client.send(post(&events).by(&vendor).json(&report("handed_over"))).await;
    early.expect_problem(409, "invalid-state");
    let entered = client.send(put(&tracking).by(&vendor).json(&entry)).await.expect(StatusCode::OK);
    for status in ["handed_over", "in_transit", "delivered"] {
        let recorded = client.send(post(&events).by(&vendor).json(&report(status))).await.expect(StatusCode::OK);
        assert_eq!(recorded["recorded"], "advanced");
    }
    let late = client.send(put(&tracking).by(&vendor).json(&json!({"carrier": "DHL", "tracking_number": "X"}))).await;
    late.expect_problem(409, "invalid-state");

    assert_eq!((&entered["carrier"], &entered["tracking_number"]), (&json!("DHL"), &json!("JJD-1")));
    let by_id = client.send(get(&path).by(&customer)).await.expect(StatusCode::OK);
    let by_number = client.send(get("/shipments/jjd-1").by(&customer)).await.expect(StatusCode::OK);
    assert_eq!((&by_id["status"], &by_id), (&json!("delivered"), &by_number));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_tracking_number_is_entered_by_the_shipments_vendor_or_an_admin_only_and_checked(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let stranger = client.create_user("stranger", Role::Vendor).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let warehouse = client.create_stock(vendor.id).await;
    let customer = client.customer().await;
    let (first, second) = (client.place(&customer).await, client.place(&customer).await);
    let first = worker_fixture::book_with("manual", &client, &first, warehouse).await;
    let second = worker_fixture::book_with("manual", &client, &second, warehouse).await;
    let path = |id: &str| format!("/shipments/{id}/tracking");
    let entry = |number: &str| json!({ "carrier": "DHL", "tracking_number": number });

    client.send(put(&path(&first)).by(&stranger).json(&entry("A"))).await.expect_problem(404, "not-found");
    client.send(put(&path(&first)).by(&admin).json(&entry("A"))).await.expect(StatusCode::OK);
    client.send(put(&path(&second)).by(&vendor).json(&entry("a"))).await.expect_problem(409, "already-exists");
    let cases = [
        (json!({ "carrier": "DHL" }), "/tracking_number"),
        (entry("white space"), "/tracking_number"),
        (entry(&first), "/tracking_number"),
        (json!({ "carrier": "", "tracking_number": "B" }), "/carrier"),
        (json!({ "carrier": "x".repeat(61), "tracking_number": "B" }), "/carrier"),
    ];
    for (body, pointer) in cases {
        let response = client.send(put(&path(&second)).by(&vendor).json(&body)).await;
        assert_eq!(response.pointers(), [pointer], "{body}");
        response.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_lists_their_own_shipments_and_staff_all_of_them(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let stranger = client.create_user("stranger", Role::Vendor).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let support = client.create_user("support", Role::Support).await;
    let customer = client.customer().await;
    let warehouse = client.create_stock(vendor.id).await;
    for _ in 0..3 {
        let order = client.place(&customer).await;
        worker_fixture::book_with("manual", &client, &order, warehouse).await;
    }
    let count = |user, query: &'static str| {
        let listed = client.send(get(&format!("/shipments{query}")).by(user));
        async { listed.await.expect(StatusCode::OK)["items"].as_array().expect("items").len() }
    };

    for (user, expected) in [(&vendor, 3), (&admin, 3), (&support, 3), (&stranger, 0)] {
        assert_eq!(count(user, "?status=booked").await, expected, "{}", user.email);
    }
    assert_eq!((count(&admin, "?mine=true").await, count(&vendor, "?mine=false").await), (0, 3));
    assert_eq!((count(&vendor, "?status=delivered").await, count(&stranger, "?mine=false").await), (0, 0));
    let page = client.send(get("/shipments?limit=2").by(&vendor)).await.expect(StatusCode::OK);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let next = client.send(get(&format!("/shipments?limit=2&cursor={cursor}")).by(&vendor)).await;
    let next = next.expect(StatusCode::OK);
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
    assert_eq!((next["items"].as_array().map(Vec::len), next.get("next_cursor")), (Some(1), None));
    assert_eq!(page["items"][0]["vendor_id"], json!(vendor.id));
    assert_eq!(page["items"][0]["warehouse_code"], "EAST");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_filter_of_shipments_is_422_and_customers_have_no_list(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let customer = client.customer().await;

    for query in ["status=lost", "mine=yes", "limit=0", "limit=101", "cursor=next", "cursor=~~", "vendor=1"] {
        let response = client.send(get(&format!("/shipments?{query}")).by(&vendor)).await;
        response.expect_problem(422, "validation");
    }
    client.send(get("/shipments").by(&customer)).await.expect_problem(403, "forbidden");
}

fn put(path: &str) -> ApiRequest {
    ApiRequest::new(Method::PUT, path)
}
