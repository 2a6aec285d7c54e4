//! Everything is said twice.

use std::time::Duration;
use system_tests::load::{mixed_orders, place_all};
use system_tests::tap::{Heard, Tap};
use system_tests::{Client, Goods, TestSystem};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(1);
const ORDERS: usize = 70;

/// An order as it ended: its status, its version, and its timeline.
type End = (String, u64, Vec<String>);

#[tokio::test]
async fn every_message_said_again_changes_nothing() {
    said_again("said_again", Heard::clone).await;
}

#[tokio::test]
async fn every_message_said_again_under_another_id_changes_nothing() {
    said_again("said_anew", Heard::under_another_id).await;
}

/// Runs orders of all kinds to their end, has everybody hear every message once more, and compares.
async fn said_again(name: &'static str, again: impl Fn(&Heard) -> Heard) {
    let system = TestSystem::of(name).goods(Goods::of("SKU-ECHO", 100)).goods(Goods::of("SKU-FEW", 5));
    let system = system.setting("CARRIER_HAND_OVER_MS", "100").setting("CARRIER_IN_TRANSIT_MS", "100");
    let system = system.setting("CARRIER_DELIVERY_MS", "100").start().await;
    let client = system.client().signed_up("echo").await;
    let tap = Tap::open(&system.broker).await;
    let journal = place_all(&client, &mixed_orders(&["SKU-ECHO", "SKU-ECHO", "SKU-FEW"], ORDERS)).await;
    system.until_all_is_done(LIMIT).await;
    let before = ends(&client, &journal).await;

    let heard = tap.heard().await;
    for message in &heard {
        tap.say(&again(message)).await;
    }
    system.until_quiet().await;

    assert!(heard.len() > 8 * ORDERS, "only {} messages were heard", heard.len());
    assert_eq!(ends(&client, &journal).await, before);
    drop(tap);
    system.finish().await;
}

async fn ends(client: &Client, journal: &[Uuid]) -> Vec<End> {
    let mut ends = Vec::with_capacity(journal.len());
    for id in journal {
        let order = client.order(*id).await;
        let status = order["status"].as_str().unwrap_or_default().to_owned();
        ends.push((status, order["version"].as_u64().unwrap_or_default(), client.timeline(*id).await));
    }
    ends
}
