//! What vendors and admins do with stock, warehouses and prices over HTTP.

use crate::client::{ApiClient, ApiRequest, CABLE, HEADPHONES, TestUser, get, post};
use accounts::Role;
use axum::http::{Method, StatusCode};
use domain::ids::WarehouseId;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// 100 units of each product of the vendor in EAST, and an empty WEST.
struct Shop {
    client: ApiClient,
    vendor: TestUser,
    other: TestUser,
    support: TestUser,
    admin: TestUser,
    east: WarehouseId,
    west: WarehouseId,
}

impl Shop {
    async fn new(pool: PgPool) -> Self {
        let client = ApiClient::new(pool);
        let vendor = client.create_user("vendor", Role::Vendor).await;
        let other = client.create_user("other", Role::Vendor).await;
        let support = client.create_user("support", Role::Support).await;
        let admin = client.create_user("admin", Role::Admin).await;
        let east = client.create_stock(vendor.id).await;
        let west = client.create_warehouse("WEST").await;
        Self { client, vendor, other, support, admin, east, west }
    }

    async fn adjust(&self, kind: &str, quantity: i32, place: Value) -> crate::client::ApiResponse {
        let mut body = json!({ "sku": HEADPHONES, "kind": kind, "quantity": quantity, "reason": "Monday" });
        let place = place.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(place);
        self.client.send(post("/inventory/adjustments").by(&self.vendor).json(&body)).await
    }

    async fn transfer(&self, by: &TestUser, body: &Value) -> crate::client::ApiResponse {
        self.client.send(post("/inventory/transfers").by(by).json(body)).await
    }

    async fn change_warehouse(&self, warehouse: &str, body: &Value) -> crate::client::ApiResponse {
        let path = format!("/warehouses/{warehouse}");
        self.client.send(ApiRequest::new(Method::PATCH, &path).by(&self.admin).json(body)).await
    }

    /// The kinds of the movements of the headphones that the query selects.
    async fn movements(&self, query: &str) -> Vec<String> {
        let path = format!("/inventory/{HEADPHONES}/movements{query}");
        let page = self.client.send(get(&path).by(&self.vendor)).await.expect(StatusCode::OK);
        let kind = |row: &Value| row["kind"].as_str().expect("a kind").to_owned();
        page["items"].as_array().expect("a page").iter().map(kind).collect()
    }

    /// The only audit record of an action.
    async fn audited(&self, action: &str) -> Value {
        let path = format!("/admin/audit-logs?action={action}");
        let page = self.client.send(get(&path).by(&self.admin)).await.expect(StatusCode::OK);
        assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "{page}");
        page["items"][0].clone()
    }
}

fn ten_to_west() -> Value {
    json!({ "sku": HEADPHONES, "from_warehouse_code": "EAST", "to_warehouse_code": "WEST", "quantity": 10,
            "reason": "sale" })
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_reads_who_changed_their_stock(pool: PgPool) {
    let shop = Shop::new(pool).await;
    shop.adjust("received", 5, json!({ "warehouse_code": "EAST" })).await.expect(StatusCode::CREATED);
    shop.adjust("received", 5, json!({ "warehouse_code": "WEST" })).await.expect(StatusCode::CREATED);

    let path = format!("/inventory/{HEADPHONES}/movements");
    let page = shop.client.send(get(&path).by(&shop.vendor)).await.expect(StatusCode::OK);

    let newest = &page["items"][0];
    assert_eq!(
        (&newest["kind"], &newest["on_hand_delta"], &newest["reserved_delta"]),
        (&json!("received"), &json!(5), &json!(0))
    );
    assert_eq!((&newest["warehouse_id"], &newest["warehouse_code"]), (&json!(shop.west), &json!("WEST")));
    assert_eq!((&newest["actor"], &newest["reason"]), (&json!(format!("vendor:{}", shop.vendor.id)), &json!("Monday")));
    assert_eq!(shop.movements("").await.len(), 3);
    assert_eq!(shop.movements("?warehouse_code=WEST").await.len(), 1);
    assert_eq!(shop.movements(&format!("?warehouse_id={}&kind=received", shop.east)).await.len(), 2);
    assert_eq!(shop.movements("?kind=shipped").await.len(), 0);
    assert_eq!(shop.movements("?from=2026-01-01T00:00:00Z").await.len(), 3);
    assert_eq!(shop.movements("?to=2026-01-01T00:00:00Z").await.len(), 0);
    let first = shop.client.send(get(&format!("{path}?limit=2")).by(&shop.support)).await.expect(StatusCode::OK);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = shop.client.send(get(&format!("{path}?limit=2&cursor={cursor}")).by(&shop.admin)).await;
    assert_eq!(rest.expect(StatusCode::OK)["items"].as_array().unwrap().len(), 1);
    shop.client.send(get(&path).by(&shop.other)).await.expect_problem(404, "not-found");
    shop.client.send(get("/inventory/NO-SUCH/movements").by(&shop.admin)).await.expect_problem(404, "not-found");
    for (query, parameter) in [
        ("kind=stolen", "kind"),
        ("from=yesterday", "from"),
        ("cursor=forged", "cursor"),
        ("warehouse_code=NORTH", "warehouse_code"),
        ("sku=X", "sku"),
    ] {
        let refused = shop.client.send(get(&format!("{path}?{query}")).by(&shop.vendor)).await;
        assert_eq!(refused.pointers(), [parameter]);
        refused.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn support_sees_all_stock_and_changes_none(pool: PgPool) {
    let shop = Shop::new(pool).await;

    let listed = shop.client.send(get("/inventory").by(&shop.support)).await.expect(StatusCode::OK);
    let one = shop.client.send(get(&format!("/inventory/{HEADPHONES}")).by(&shop.support)).await.expect(StatusCode::OK);

    assert_eq!((listed["items"].as_array().unwrap().len(), one["items"].as_array().unwrap().len()), (4, 1));
    shop.transfer(&shop.support, &ten_to_west()).await.expect_problem(403, "forbidden");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_warehouse_is_named_by_id_or_code_and_not_by_two_that_differ(pool: PgPool) {
    let shop = Shop::new(pool).await;
    let (id, code) = (|| json!({ "warehouse_id": shop.west }), || json!({ "warehouse_code": "WEST" }));
    let both = with(id(), "warehouse_code", json!("WEST"));

    for place in [id(), code(), both] {
        let adjusted = shop.adjust("received", 1, place).await.expect(StatusCode::CREATED);
        assert_eq!((&adjusted["warehouse_id"], &adjusted["warehouse_code"]), (&json!(shop.west), &json!("WEST")));
    }
    for (place, pointer) in [
        (with(id(), "warehouse_code", json!("EAST")), "/warehouse_code"),
        (json!({ "warehouse_code": "NORTH" }), "/warehouse_code"),
        (json!({ "warehouse_code": "no code" }), "/warehouse_code"),
        (json!({ "warehouse_id": Uuid::nil() }), "/warehouse_id"),
        (json!({}), "/warehouse_id"),
        (json!({ "warehouse_code": null }), "/warehouse_id"),
    ] {
        let refused = shop.adjust("received", 1, place).await;
        assert_eq!(refused.pointers(), [pointer], "{}", refused.body);
        refused.expect_problem(422, "validation");
    }
    let threshold = json!({ "sku": HEADPHONES, "warehouse_code": "WEST", "low_stock_threshold": 3 });
    let put = ApiRequest::new(Method::PUT, "/inventory/thresholds").by(&shop.vendor).json(&threshold);
    assert_eq!(shop.client.send(put).await.expect(StatusCode::OK)["is_low"], true);
    let west = shop.client.send(get("/inventory?warehouse_code=WEST").by(&shop.admin)).await.expect(StatusCode::OK);
    assert_eq!(west["items"].as_array().unwrap().len(), 1);
    let query = format!("/inventory?warehouse_code=WEST&warehouse_id={}", shop.east);
    let differ = shop.client.send(get(&query).by(&shop.admin)).await;
    let text = differ.expect_problem(422, "validation")["detail"].clone();
    assert_eq!(text, "`warehouse_id`, `warehouse_code`: they name different warehouses; send one of them.");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_count_sets_the_stock_and_says_why_it_is_refused(pool: PgPool) {
    let shop = Shop::new(pool).await;
    let east = || json!({ "warehouse_code": "EAST" });

    assert_eq!(shop.adjust("counted", 97, east()).await.expect(StatusCode::CREATED)["on_hand"], 97);
    assert_eq!(shop.adjust("counted", 0, east()).await.expect(StatusCode::CREATED)["on_hand"], 0);
    assert_eq!(shop.movements("?kind=counted").await.len(), 2);
    let negative = shop.adjust("counted", -1, east()).await;
    assert_eq!(negative.pointers(), ["/quantity"]);
    negative.expect_problem(422, "validation");
    sqlx::query("UPDATE inventory.stock SET on_hand = 9, reserved = 8 WHERE sku = 'SKU-HEADPHONES'")
        .execute(&shop.client.pool)
        .await
        .expect("written");
    let below = shop.adjust("counted", 7, east()).await.expect_problem(409, "insufficient-stock");
    let expected = "`quantity`: 7 units were counted, but 8 are reserved; cancel orders first, or check the count.";
    assert_eq!(below["detail"], expected);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_transfers_their_own_stock_between_warehouses(pool: PgPool) {
    let shop = Shop::new(pool).await;

    let done = shop.transfer(&shop.vendor, &ten_to_west()).await.expect(StatusCode::CREATED);

    assert_eq!(
        (&done["from"]["on_hand"], &done["to"]["on_hand"], &done["quantity"]),
        (&json!(90), &json!(10), &json!(10))
    );
    assert_eq!((&done["from"]["warehouse_code"], &done["to"]["warehouse_code"]), (&json!("EAST"), &json!("WEST")));
    assert_eq!(shop.movements("?limit=2").await, ["transferred_in", "transferred_out"]);
    let audited = shop.audited("stock.transfer").await;
    assert_eq!(
        (&audited["subject"], &audited["reason"]),
        (&json!(format!("transfer:{}", done["id"].as_str().unwrap())), &json!("sale"))
    );
    assert_eq!(
        (&audited["before"]["from"]["level"]["on_hand"], &audited["after"]["to"]["level"]["on_hand"]),
        (&json!(100), &json!(10))
    );
    shop.transfer(&shop.other, &ten_to_west()).await.expect_problem(422, "unknown-sku");
    let all = with(ten_to_west(), "quantity", json!(91));
    let refused = shop.transfer(&shop.admin, &all).await.expect_problem(409, "insufficient-stock");
    assert_eq!(refused["detail"], "`quantity`: 91 units are requested, 90 are available.");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_transfer_is_422_and_names_the_member(pool: PgPool) {
    let shop = Shop::new(pool).await;
    let cases = [
        (with(ten_to_west(), "quantity", json!(0)), "/quantity"),
        (with(ten_to_west(), "quantity", json!(1_000_000_001)), "/quantity"),
        (with(ten_to_west(), "reason", json!(" ")), "/reason"),
        (with(ten_to_west(), "to_warehouse_code", json!("EAST")), "/to_warehouse_id"),
        (with(ten_to_west(), "to_warehouse_code", json!("NORTH")), "/to_warehouse_code"),
        (with(ten_to_west(), "from_warehouse_id", json!(shop.west)), "/from_warehouse_code"),
        (with(ten_to_west(), "from_warehouse_code", Value::Null), "/from_warehouse_id"),
        (with(ten_to_west(), "warehouse_id", json!(shop.west)), "/warehouse_id"),
    ];

    for (body, pointer) in cases {
        let refused = shop.transfer(&shop.vendor, &body).await;
        assert_eq!(refused.pointers(), [pointer], "{body}");
        refused.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_admin_renames_and_closes_a_warehouse_and_opens_it_again(pool: PgPool) {
    let shop = Shop::new(pool).await;
    let closing = json!({ "name": "Far west", "priority": 9, "closed": true, "reason": "flood" });

    let closed = shop.change_warehouse("WEST", &closing).await.expect(StatusCode::OK);
    let listed = shop.client.send(get("/warehouses").by(&shop.vendor)).await.expect(StatusCode::OK);
    let refused = shop.transfer(&shop.vendor, &ten_to_west()).await.expect_problem(409, "invalid-state");
    let audited = shop.audited("warehouse.update").await;
    let reopening = json!({ "closed": false, "reason": "dry" });
    let open = shop.change_warehouse(&shop.west.to_string(), &reopening).await.expect(StatusCode::OK);

    assert_eq!(
        (&closed["name"], &closed["priority"], &closed["closed_reason"]),
        (&json!("Far west"), &json!(9), &json!("flood"))
    );
    assert!(closed["closed"] == true && closed["closed_at"].is_string());
    assert_eq!(listed["items"][1], closed);
    assert_eq!(refused["detail"], "This warehouse is closed; reopen it, or choose another.");
    assert_eq!(
        (&audited["reason"], &audited["before"]["closed"], &audited["after"]["closed"]),
        (&json!("flood"), &json!(false), &json!(true))
    );
    assert!(open["closed"] == false && open.get("closed_at").is_none() && open.get("closed_reason").is_none());
    shop.transfer(&shop.vendor, &ten_to_west()).await.expect(StatusCode::CREATED);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_change_of_a_warehouse_is_refused(pool: PgPool) {
    let shop = Shop::new(pool).await;

    for (body, pointer) in [
        (json!({ "closed": true }), "/reason"),
        (json!({ "closed": false }), "/reason"),
        (json!({ "closed": "yes", "reason": "r" }), "/closed"),
        (json!({ "name": "  " }), "/name"),
        (json!({ "priority": 1.5 }), "/priority"),
        (json!({ "code": "NORTH" }), "/code"),
    ] {
        let refused = shop.change_warehouse("EAST", &body).await;
        assert_eq!(refused.pointers(), [pointer], "{body}");
        refused.expect_problem(422, "validation");
    }
    shop.change_warehouse("NORTH", &json!({ "priority": 1 })).await.expect_problem(404, "not-found");
    shop.change_warehouse("no%20code", &json!({})).await.expect_problem(400, "invalid-parameter");
    shop.change_warehouse("EAST", &json!({})).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_lists_their_own_products(pool: PgPool) {
    let shop = Shop::new(pool).await;
    let price = json!({ "amount_minor": 1, "currency": "USD" });
    let theirs = json!({ "sku": "SKU-OTHER", "name": "Other", "price": price, "active": false });
    shop.client.send(post("/products").by(&shop.other).json(&theirs)).await.expect(StatusCode::CREATED);
    let listed = async |query: &str, by: &TestUser| {
        let page = shop.client.send(get(&format!("/products{query}")).by(by)).await.expect(StatusCode::OK);
        page["items"].as_array().unwrap().len()
    };

    assert_eq!(listed("?mine=true", &shop.vendor).await, 4);
    assert_eq!(listed("?mine=true&q=cable", &shop.vendor).await, 1);
    assert_eq!(listed("?mine=true", &shop.other).await, 1);
    assert_eq!(listed("?mine=false", &shop.other).await, 5);
    assert_eq!(listed(&format!("?mine=true&vendor_id={}", shop.other.id), &shop.other).await, 1);
    let two = get(&format!("/products?mine=true&vendor_id={}", shop.vendor.id)).by(&shop.other);
    shop.client.send(two).await.expect_problem(422, "validation");
    shop.client.send(get("/products?mine=true")).await.expect_problem(401, "unauthenticated");
    shop.client.send(get("/products?mine=1").by(&shop.other)).await.expect_problem(422, "validation");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_reads_the_earlier_prices_of_their_products(pool: PgPool) {
    let shop = Shop::new(pool).await;
    let path = format!("/products/{CABLE}");
    for amount_minor in [599, 599, 549] {
        let change = json!({ "price": { "amount_minor": amount_minor, "currency": "USD" } });
        let repriced = ApiRequest::new(Method::PATCH, &path).by(&shop.vendor).json(&change);
        shop.client.send(repriced).await.expect(StatusCode::OK);
    }

    let prices = format!("{path}/prices");
    let listed = shop.client.send(get(&prices).by(&shop.vendor)).await.expect(StatusCode::OK);
    let first = shop.client.send(get(&format!("{prices}?limit=1")).by(&shop.support)).await.expect(StatusCode::OK);

    let amounts: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|past| past["price"]["amount_minor"].clone()).collect();
    assert_eq!(amounts, [549, 599, 499]);
    assert_eq!(listed["items"][0]["changed_by"], format!("vendor:{}", shop.vendor.id));
    assert_eq!(first["items"][0], listed["items"][0]);
    assert!(first["next_cursor"].is_string());
    shop.client.send(get(&prices).by(&shop.other)).await.expect_problem(404, "not-found");
    shop.client.send(get("/products/NO-SUCH/prices").by(&shop.admin)).await.expect_problem(404, "not-found");
    shop.client.send(get(&format!("{prices}?cursor=x")).by(&shop.vendor)).await.expect_problem(422, "validation");
}
