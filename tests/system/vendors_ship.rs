//! Vendors ship their own products: one basket, two vendors, carrier `manual`.

use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::client::list;
use system_tests::{ApiClient, NewOrder, SeedProduct, TestSystem, eventually};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);
const HER_SKU: &str = "SKU-HERS";
const HIS_SKU: &str = "SKU-HIS";

#[tokio::test]
async fn two_vendors_of_one_basket_each_ship_their_part_and_the_order_is_delivered_after_both() {
    let manual = TestSystem::of("vendors_ship").setting("CARRIER", "manual");
    let system = manual.product(SeedProduct::of("SKU-OTHER", 1)).start().await;
    let her = vendor(&system, "her", HER_SKU, 700).await;
    let his = vendor(&system, "his", HIS_SKU, 300).await;
    let customer = system.client().signed_up("customer").await;

    let id = placed(&customer).await;
    customer.wait_until(id, "confirmed", LIMIT).await;
    let hers = to_ship(&her, HER_SKU).await;
    let his_own = to_ship(&his, HIS_SKU).await;
    let (status, hidden) = his.post(&format!("/shipments/{hers}/events"), &json!({ "status": "delivered" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{hidden}");

    ship(&her, hers, "HERS-1").await;
    customer.wait_until(id, "shipped", LIMIT).await;
    until_captured(&customer, id, 700).await;
    until_stock(&system, HER_SKU, (9, 0)).await;
    assert_eq!(system.stock_of(HIS_SKU).await, (10, 1), "his part is still reserved");
    ship(&his, his_own, "HIS-1").await;
    let order = customer.wait_until(id, "delivered", LIMIT).await;

    until_captured(&customer, id, 1_000).await;
    system.until_every_saga_ended(LIMIT).await;
    assert_eq!(system.stock_of(HIS_SKU).await, (9, 0));
    let mut numbers: Vec<_> = list(&order["shipments"]).iter().map(|it| it["tracking_number"].as_str()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [Some("HERS-1"), Some("HIS-1")]);
    assert!(list(&her.get("/shipments?status=booked").await).is_empty());
    system.finish().await;
}

#[tokio::test]
async fn an_order_of_two_vendors_is_cancelled_until_one_of_them_has_shipped() {
    let manual = TestSystem::of("vendors_cancel").setting("CARRIER", "manual");
    let system = manual.product(SeedProduct::of("SKU-OTHER", 1)).start().await;
    let her = vendor(&system, "her", HER_SKU, 700).await;
    let _his = vendor(&system, "his", HIS_SKU, 300).await;
    let customer = system.client().signed_up("customer").await;

    let id = placed(&customer).await;
    customer.wait_until(id, "confirmed", LIMIT).await;
    let (status, body) = customer.cancel(id).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    customer.wait_until(id, "cancelled", LIMIT).await;

    assert!(list(&her.get("/shipments?status=booked").await).is_empty());
    assert_eq!((system.stock_of(HER_SKU).await, system.stock_of(HIS_SKU).await), ((10, 0), (10, 0)));
    system.finish().await;
}

/// A vendor with ten units of a product.
async fn vendor(system: &TestSystem, name: &str, sku: &str, price_minor: i64) -> ApiClient {
    let vendor = system.promoted(name, "vendor").await;
    let price = json!({ "amount_minor": price_minor, "currency": "USD" });
    let (status, body) = vendor.post("/products", &json!({ "sku": sku, "name": name, "price": price })).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let warehouses = vendor.get("/warehouses").await;
    let warehouse = &list(&warehouses)[0]["id"];
    let stock =
        json!({ "sku": sku, "warehouse_id": warehouse, "kind": "received", "quantity": 10, "reason": "opening" });
    let (status, body) = vendor.post("/inventory/adjustments", &stock).await;
    assert!(status.is_success(), "{body}");
    vendor
}

/// An order with one unit of each. The api sees new products within seconds.
async fn placed(customer: &ApiClient) -> Uuid {
    eventually("an order of both products", LIMIT, || async {
        let order = NewOrder { lines: vec![(HER_SKU, 1), (HIS_SKU, 1)], ..NewOrder::of(HER_SKU, 1) };
        let placed = customer.place(&order).await;
        if placed.status == StatusCode::ACCEPTED { Ok(placed.order_id()) } else { Err(placed.body.to_string()) }
    })
    .await
}

/// The only shipment that waits for the vendor. It contains their product only.
async fn to_ship(vendor: &ApiClient, sku: &str) -> Uuid {
    let waiting = vendor.get("/shipments?status=booked").await;
    let [shipment] = list(&waiting) else { panic!("{waiting}") };
    assert_eq!(shipment["items"], json!([{ "sku": sku, "quantity": 1 }]));
    shipment["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

/// Enters the tracking number and reports every milestone.
async fn ship(vendor: &ApiClient, shipment: Uuid, number: &str) {
    let entry = json!({ "carrier": "DHL", "tracking_number": number });
    let (status, body) = vendor.put(&format!("/shipments/{shipment}/tracking"), &entry).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    for milestone in ["handed_over", "in_transit", "delivered"] {
        let (status, body) =
            vendor.post(&format!("/shipments/{shipment}/events"), &json!({ "status": milestone })).await;
        assert_eq!((status, &body["recorded"]), (StatusCode::OK, &json!("advanced")), "{body}");
    }
}

async fn until_captured(customer: &ApiClient, id: Uuid, amount_minor: i64) {
    eventually("the capture", LIMIT, || async {
        let payments: Value = customer.payments(id).await;
        let captured = &list(&payments)[0]["captured_minor"];
        if *captured == amount_minor { Ok(()) } else { Err(payments.to_string()) }
    })
    .await;
}

/// Waits for the units on hand and those reserved.
async fn until_stock(system: &TestSystem, sku: &str, expected: (i64, i64)) {
    eventually("the stock to be deducted", LIMIT, || async {
        let found = system.stock_of(sku).await;
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}
