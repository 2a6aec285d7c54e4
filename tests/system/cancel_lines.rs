//! Units of lines are cancelled through the whole stack, also while their shipments are being handed over.

use futures::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::client::list;
use system_tests::{ApiClient, NewOrder, SeedProduct, TestSystem, eventually};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(1);
const RACES: u32 = 200;
const UNITS: u32 = 3;

fn one_unit() -> Value {
    json!({ "lines": [{ "line_no": 1, "quantity": 1 }] })
}

#[tokio::test]
async fn a_unit_that_is_cancelled_during_its_hand_over_is_cancelled_or_shipped_and_never_both() {
    let quick = TestSystem::of("lines_race").setting("CARRIER_HAND_OVER_MS", "400");
    let quick = quick.setting("CARRIER_IN_TRANSIT_MS", "50").setting("CARRIER_DELIVERY_MS", "50");
    let system = quick.product(SeedProduct::in_both("SKU-RACING", 400, 400)).start().await;
    let client = system.client().signed_up("undecided").await;

    let races: Vec<_> =
        stream::iter((0..RACES).map(|number| race(&client, number))).buffer_unordered(16).collect().await;
    system.until_every_saga_ended(LIMIT).await;

    let mut cancelled = 0;
    for id in races {
        let order = until_captured(&client, id).await;
        let line = &order["items"][0];
        let units = line["cancelled_quantity"].as_u64().expect("a number");
        let price = line["unit_price"]["amount_minor"].as_u64().expect("an amount");
        let payments = client.get(&format!("/orders/{id}/payments")).await;
        assert_eq!(payments["items"][0]["captured_minor"], (u64::from(UNITS) - units) * price, "{order} {payments}");
        assert_eq!(order["status"], "delivered");
        cancelled += u32::try_from(units).expect("a small number");
    }
    assert!((1..RACES).contains(&cancelled), "both outcomes must occur: {cancelled} of {RACES} were cancelled");
    let shipped = RACES * UNITS - cancelled;
    assert_eq!(system.stock_of("SKU-RACING").await, (800 - i64::from(shipped), 0));
    system.finish().await;
}

/// Cancels one unit a little later for each order, up to the hand-over.
async fn race(client: &ApiClient, number: u32) -> Uuid {
    let id = client.place_accepted(&NewOrder::of("SKU-RACING", UNITS)).await;
    let kind = if number.is_multiple_of(4) { "shipment_handed_over" } else { "confirmed" };
    eventually(&format!("{id} to be {kind}"), LIMIT, || async {
        let timeline = client.timeline(id).await;
        if timeline.iter().any(|found| found == kind) { Ok(()) } else { Err(format!("{timeline:?}")) }
    })
    .await;
    let (status, body) = client.post(&format!("/orders/{id}/cancel"), &one_unit()).await;
    assert!([StatusCode::ACCEPTED, StatusCode::CONFLICT].contains(&status), "{body}");
    id
}

async fn until_captured(client: &ApiClient, id: Uuid) -> Value {
    eventually(&format!("{id} to be captured"), LIMIT, || async {
        let order = client.order(id).await;
        if order["payment_status"] == "captured" { Ok(order) } else { Err(order.to_string()) }
    })
    .await
}

#[tokio::test]
async fn units_cancelled_while_shipping_is_away_are_cancelled_when_it_is_back() {
    let waiting = TestSystem::of("lines_away").setting("CARRIER_HAND_OVER_MS", "600000");
    let mut system = waiting.product(SeedProduct::of("SKU-AWAY", 5)).start().await;
    let client = system.client().signed_up("patient").await;
    let id = client.place_accepted(&NewOrder::of("SKU-AWAY", 2)).await;
    client.wait_until(id, "confirmed", LIMIT).await;
    system.one(system_tests::Role::Worker).kill().await;

    let (status, body) = client.post(&format!("/orders/{id}/cancel"), &one_unit()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    system.start_all().await;
    eventually("the unit to be released", LIMIT, || async {
        let stock = system.stock_of("SKU-AWAY").await;
        if stock == (5, 1) { Ok(()) } else { Err(format!("{stock:?}")) }
    })
    .await;

    let shipments = client.get(&format!("/orders/{id}/shipments")).await;
    let booked: Vec<_> = list(&shipments).iter().filter(|shipment| shipment["status"] == "booked").collect();
    assert_eq!((booked.len(), &booked[0]["items"][0]["quantity"]), (1, &json!(1)), "{shipments}");
    client.post(&format!("/orders/{id}/cancel"), &one_unit()).await;
    client.wait_until(id, "cancelled", LIMIT).await;
    assert_eq!(system.stock_of("SKU-AWAY").await, (5, 0));
    system.finish().await;
}
