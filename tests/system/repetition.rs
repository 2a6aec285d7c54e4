//! Every message is delivered twice.

use std::time::Duration;
use system_tests::load::{mixed_orders, place_all};
use system_tests::message_recorder::{MessageRecorder, RecordedMessage};
use system_tests::{ApiClient, SeedProduct, TestSystem};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(1);
const ORDERS: usize = 70;

/// The status, the version and the timeline of an order that has ended.
type FinalState = (String, u64, Vec<String>);

#[tokio::test]
async fn every_message_published_again_changes_nothing() {
    publish_all_again("published_again", RecordedMessage::clone).await;
}

#[tokio::test]
async fn every_message_published_again_under_another_id_changes_nothing() {
    publish_all_again("published_again_new_ids", RecordedMessage::with_new_id).await;
}

/// Runs orders of all kinds to their end, publishes every message of theirs once more, and compares the orders.
async fn publish_all_again(name: &'static str, repetition: impl Fn(&RecordedMessage) -> RecordedMessage) {
    let system = TestSystem::of(name).product(SeedProduct::of("SKU-ECHO", 100)).product(SeedProduct::of("SKU-FEW", 5));
    let system = system.setting("CARRIER_HAND_OVER_MS", "100").setting("CARRIER_IN_TRANSIT_MS", "100");
    let system = system.setting("CARRIER_DELIVERY_MS", "100").start().await;
    let client = system.client().signed_up("echo").await;
    let recorder = MessageRecorder::open(&system.broker).await;
    let accepted = place_all(&client, &mixed_orders(&["SKU-ECHO", "SKU-ECHO", "SKU-FEW"], ORDERS)).await;
    system.until_every_saga_ended(LIMIT).await;
    let before = final_states(&client, &accepted).await;

    let messages = recorder.drain().await;
    for message in &messages {
        recorder.publish(&repetition(message)).await;
    }
    system.until_all_messages_processed().await;

    assert!(messages.len() > 8 * ORDERS, "only {} messages were recorded", messages.len());
    assert_eq!(final_states(&client, &accepted).await, before);
    drop(recorder);
    system.finish().await;
}

async fn final_states(client: &ApiClient, orders: &[Uuid]) -> Vec<FinalState> {
    let mut all = Vec::with_capacity(orders.len());
    for id in orders {
        let order = client.order(*id).await;
        let status = order["status"].as_str().unwrap_or_default().to_owned();
        all.push((status, order["version"].as_u64().unwrap_or_default(), client.timeline(*id).await));
    }
    all
}
