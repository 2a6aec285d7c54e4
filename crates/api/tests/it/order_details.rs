//! What a shop attaches to its orders: number, address, contact, reference, metadata and adjusted totals.

use crate::client::{ApiClient, ApiRequest, CABLE, HEADPHONES, OPTIONS, TestUser, get, post};
use accounts::Role;
use api::Options;
use axum::http::StatusCode;
use domain::order::OrderNumber;
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use uuid::Uuid;

async fn setup(pool: PgPool) -> (ApiClient, TestUser, TestUser) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let customer = client.customer().await;
    (client, customer, vendor)
}

fn ship_to() -> Value {
    json!({ "name": "Jane Doe", "company": "Doe Ltd", "line1": "10 Main Street", "line2": "Second floor",
            "city": "Springfield", "region": "IL", "postal_code": "62701", "country": "US" })
}

fn contact() -> Value {
    json!({ "email": "jane@example.com", "phone": "+15551234567" })
}

/// An order of one pair of headphones, with these members.
fn order(mut members: Value) -> Value {
    if members.get("items").is_none() {
        members["items"] = json!([{ "sku": HEADPHONES, "quantity": 1 }]);
    }
    members
}

fn place(user: &TestUser, body: &Value) -> ApiRequest {
    post("/orders").by(user).header("idempotency-key", &Uuid::now_v7().to_string()).json(body)
}

async fn placed(client: &ApiClient, user: &TestUser, body: &Value) -> Value {
    client.send(place(user, body)).await.expect(StatusCode::ACCEPTED)
}

async fn shown(client: &ApiClient, user: &TestUser, accepted: &Value) -> Value {
    let id = accepted["order_id"].as_str().expect("an id");
    client.send(get(&format!("/orders/{id}")).by(user)).await.expect(StatusCode::OK)
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_has_a_number_for_people_wherever_it_is_shown(pool: PgPool) {
    let (client, customer, _vendor) = setup(pool).await;
    let request = || {
        let request = post("/orders").by(&customer).header("idempotency-key", "the-key");
        request.json(&order(json!({ "note": "Ring twice" })))
    };

    let accepted = client.send(request()).await.expect(StatusCode::ACCEPTED);
    let repeated = client.send(request()).await.expect(StatusCode::ACCEPTED);
    let one = shown(&client, &customer, &accepted).await;
    let list = client.send(get("/orders").by(&customer)).await.expect(StatusCode::OK);

    let number = accepted["order_number"].as_str().expect("a number");
    assert!(number.parse::<OrderNumber>().is_ok(), "{number}");
    assert_eq!(repeated, accepted);
    assert_eq!([&one["order_number"], &list["items"][0]["order_number"]], [number, number]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn details_are_shown_to_those_whom_they_concern(pool: PgPool) {
    let (client, customer, vendor) = setup(pool).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let metadata = json!({ "channel": "web", "gift.text": "two\nlines", "empty": "" });
    let details = json!({ "ship_to": ship_to(), "contact": contact(), "external_ref": "#1001", "metadata": metadata });

    let accepted = placed(&client, &customer, &order(details)).await;

    for viewer in [&customer, &admin] {
        let one = shown(&client, viewer, &accepted).await;
        assert_eq!([&one["ship_to"], &one["contact"], &one["metadata"]], [&ship_to(), &contact(), &metadata]);
        assert_eq!(one["external_ref"], "#1001");
        let list = client.send(get("/orders").by(viewer)).await.expect(StatusCode::OK);
        assert_eq!(list["items"][0]["external_ref"], "#1001");
        assert!(list["items"][0].get("ship_to").is_none(), "a list has no addresses");
    }
    let own = shown(&client, &vendor, &accepted).await;
    assert_eq!(own["ship_to"], ship_to(), "the vendor sends it");
    let hidden: Map<_, _> = own.as_object().expect("an object").clone();
    for member in ["contact", "metadata", "external_ref", "shipping_minor"] {
        assert!(!hidden.contains_key(member), "{member} is not for vendors");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_without_details_is_accepted_and_shows_none(pool: PgPool) {
    let (client, customer, _vendor) = setup(pool).await;
    let only_what_is_required =
        json!({ "ship_to": { "name": "Jane", "line1": "1 High Street", "city": "Dublin", "country": "ie" } });

    let bare = placed(&client, &customer, &order(json!({}))).await;
    let short = placed(&client, &customer, &order(only_what_is_required)).await;

    let bare = shown(&client, &customer, &bare).await;
    assert!(["ship_to", "contact", "metadata", "external_ref"].iter().all(|member| bare.get(member).is_none()));
    let short = shown(&client, &customer, &short).await;
    assert_eq!(
        short["ship_to"],
        json!({ "name": "Jane", "line1": "1 High Street", "city": "Dublin", "country": "IE" })
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_detail_is_named_and_personal_data_is_not_repeated(pool: PgPool) {
    let (client, customer, _vendor) = setup(pool).await;
    let without = |member: &str| {
        let mut ship_to = ship_to();
        ship_to.as_object_mut().expect("an object").remove(member);
        json!({ "ship_to": ship_to })
    };
    let with = |member: &str, value: Value| {
        let mut ship_to = ship_to();
        ship_to[member] = value;
        json!({ "ship_to": ship_to })
    };
    let many: Map<_, _> = (0..21).map(|number| (format!("key-{number}"), json!("value"))).collect();
    let bad = [
        (json!({ "ship_to": "10 Quetzal Lane" }), "/ship_to"),
        (json!({ "ship_to": [] }), "/ship_to"),
        (without("name"), "/ship_to/name"),
        (without("line1"), "/ship_to/line1"),
        (without("city"), "/ship_to/city"),
        (without("country"), "/ship_to/country"),
        (with("name", json!("Quetzal".repeat(20))), "/ship_to/name"),
        (with("company", json!("Quetzal\nLtd")), "/ship_to/company"),
        (with("line1", json!("Quetzal".repeat(40))), "/ship_to/line1"),
        (with("line2", json!("Quetzal\u{200b}")), "/ship_to/line2"),
        (with("city", json!(["Quetzal"])), "/ship_to/city"),
        (with("region", json!("")), "/ship_to/region"),
        (with("postal_code", json!("Quetzal".repeat(5))), "/ship_to/postal_code"),
        (with("country", json!("QUETZAL")), "/ship_to/country"),
        (with("country", json!("UK")), "/ship_to/country"),
        (with("planet", json!("Quetzal")), "/ship_to/planet"),
        (json!({ "contact": {} }), "/contact"),
        (json!({ "contact": { "email": "quetzal" } }), "/contact/email"),
        (json!({ "contact": { "phone": "0555 quetzal" } }), "/contact/phone"),
        (json!({ "external_ref": "" }), "/external_ref"),
        (json!({ "external_ref": "x".repeat(101) }), "/external_ref"),
        (json!({ "external_ref": 1001 }), "/external_ref"),
        (json!({ "metadata": [] }), "/metadata"),
        (json!({ "metadata": many }), "/metadata"),
        (json!({ "metadata": { "a=b": "c" } }), "/metadata/a=b"),
        (json!({ "metadata": { "k".repeat(41): "c" } }), &format!("/metadata/{}", "k".repeat(41))),
        (json!({ "metadata": { "a": 1 } }), "/metadata/a"),
        (json!({ "metadata": { "a": "v".repeat(501) } }), "/metadata/a"),
    ];

    for (members, pointer) in bad {
        let refused = client.send(place(&customer, &order(members.clone()))).await;
        assert_eq!(refused.pointers(), [pointer], "{members}");
        let text = refused.expect_problem(422, "validation").to_string().to_lowercase();
        assert!(!text.contains("quetzal") || pointer == "/ship_to", "{text}");
    }
    let twice = r#"{"items":[{"sku":"SKU-CABLE","quantity":1}],"metadata":{"a":"1","a":"2"}}"#;
    let twice = post("/orders").by(&customer).header("idempotency-key", "twice").text(twice);
    assert_eq!(client.send(twice).await.pointers(), ["/metadata/a", "/metadata/a"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reference_that_is_taken_is_a_409_that_names_the_order(pool: PgPool) {
    let (client, customer, _vendor) = setup(pool).await;
    let with_ref = order(json!({ "external_ref": "#1001" }));
    let first = placed(&client, &customer, &with_ref).await;

    let refused = client.send(place(&customer, &with_ref)).await;

    assert_eq!(refused.pointers(), ["/external_ref"]);
    let detail = refused.expect_problem(409, "already-exists")["detail"].to_string();
    for name in ["order_number", "order_id"] {
        assert!(detail.contains(first[name].as_str().expect("a text")), "{detail} names no {name}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_installation_may_require_an_address(pool: PgPool) {
    let options = Options { requires_ship_to: true, ..OPTIONS };
    let client = ApiClient::with_options(pool, options);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let customer = client.customer().await;

    let refused = client.send(place(&customer, &order(json!({ "contact": contact() })))).await;

    assert_eq!(refused.pointers(), ["/ship_to"]);
    refused.expect_problem(422, "validation");
    placed(&client, &customer, &order(json!({ "ship_to": ship_to() }))).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn totals_are_adjusted_only_by_callers_who_may(pool: PgPool) {
    let (client, customer, _vendor) = setup(pool).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let adjusted = json!({ "shipping_minor": 500, "items": [
        { "sku": HEADPHONES, "quantity": 2, "tax_minor": 1_600, "discount_minor": 98 },
        { "sku": CABLE, "quantity": 1 },
    ] });

    for members in [
        json!({ "shipping_minor": 0 }),
        json!({ "items": [{ "sku": CABLE, "quantity": 1, "tax_minor": 0 }] }),
        json!({ "items": [{ "sku": CABLE, "quantity": 1, "discount_minor": 1 }] }),
    ] {
        client.send(place(&customer, &order(members))).await.expect_problem(403, "forbidden");
    }
    let accepted = placed(&client, &admin, &adjusted).await;

    let one = shown(&client, &admin, &accepted).await;
    assert_eq!(one["total"]["amount_minor"], 2 * 7_999 + 1_600 - 98 + 499 + 500);
    assert_eq!(one["shipping_minor"], 500);
    let lines: Vec<_> = one["items"].as_array().expect("lines").iter().map(|line| &line["line_total"]).collect();
    assert_eq!(
        lines,
        [&json!({ "amount_minor": 17_500, "currency": "USD" }), &json!({ "amount_minor": 499, "currency": "USD" })]
    );
    assert_eq!([&one["items"][0]["tax_minor"], &one["items"][1]["discount_minor"]], [1_600, 0]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_adjustment_is_named(pool: PgPool) {
    let (client, _customer, _vendor) = setup(pool).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let item = |member: &str, amount: Value| json!({ "items": [{ "sku": CABLE, "quantity": 1, member: amount }] });

    for (body, pointer) in [
        (item("tax_minor", json!(-1)), "/items/0/tax_minor"),
        (item("tax_minor", json!("1")), "/items/0/tax_minor"),
        (item("discount_minor", json!(1.5)), "/items/0/discount_minor"),
        (item("discount_minor", json!(500)), "/items/0/discount_minor"),
        (order(json!({ "shipping_minor": -1 })), "/shipping_minor"),
        (order(json!({ "shipping_minor": 1_000_000_000_001_i64 })), "/shipping_minor"),
    ] {
        let refused = client.send(place(&admin, &body)).await;
        assert_eq!(refused.pointers(), [pointer], "{body}");
        refused.expect_problem(422, "validation");
    }
}
