//! What the publisher promises.

use super::links;
use domain::ids::{MessageId, OrderId};
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use messaging::broker::{Arrival, Publication, Publisher};
use messaging::topology::Scope;
use uuid::Uuid;

#[tokio::test]
async fn a_message_that_no_queue_takes_is_told_from_its_neighbours_by_its_id() {
    let links = links();
    let channel = links.consuming.channel(Scope::Events).await.expect("a channel");
    let here = format!("test.{}", Uuid::now_v7());
    let exclusive = QueueDeclareOptions { exclusive: true, ..Default::default() };
    channel.queue_declare(here.as_str().into(), exclusive, FieldTable::default()).await.expect("a queue");
    let order = OrderId::from_uuid(Uuid::now_v7());
    let publication = |number: usize| Publication {
        message_id: MessageId::derive(order, &number.to_string()),
        exchange: "",
        routing_key: if number.is_multiple_of(2) { &here } else { "nowhere" },
        type_name: "test.v1",
        payload: b"{}",
        headers: FieldTable::default(),
        mandatory: true,
    };
    let publications: Vec<_> = (0..2_000).map(publication).collect();

    let mut publisher = Publisher::open(&links.publishing).await.expect("a publisher");
    let arrivals = publisher.publish_all(&publications).await.expect("the broker answers");

    for (number, arrival) in arrivals.into_iter().enumerate() {
        assert_eq!(arrival == Arrival::Confirmed, number.is_multiple_of(2), "message {number}: {arrival:?}");
    }
    links.close().await;
}
