//! The publisher reports the outcome of every message.

use super::connections;
use domain::ids::{MessageId, OrderId};
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use messaging::broker::{Publication, PublishOutcome, Publisher};
use messaging::topology::Scope;
use uuid::Uuid;

#[tokio::test]
async fn an_unroutable_message_is_identified_among_routable_ones_by_its_id() {
    let connections = connections();
    let channel = connections.consuming.channel(Scope::Events).await.expect("a channel");
    let existing = format!("test.{}", Uuid::now_v7());
    let exclusive = QueueDeclareOptions { exclusive: true, ..Default::default() };
    channel.queue_declare(existing.as_str().into(), exclusive, FieldTable::default()).await.expect("a queue");
    let order = OrderId::from_uuid(Uuid::now_v7());
    let publication = |number: usize| Publication {
        message_id: MessageId::derive(order, &number.to_string()),
        exchange: "",
        routing_key: if number.is_multiple_of(2) { &existing } else { "missing" },
        type_name: "test.v1",
        payload: b"{}",
        headers: FieldTable::default(),
        expires_in_ms: None,
        mandatory: true,
    };
    let publications: Vec<_> = (0..2_000).map(publication).collect();

    let mut publisher = Publisher::open(&connections.publishing).await.expect("a publisher");
    let outcomes = publisher.publish_all(&publications).await.expect("the broker answers");

    for (number, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(outcome == PublishOutcome::Confirmed, number.is_multiple_of(2), "message {number}: {outcome:?}");
    }
    connections.close().await;
}
