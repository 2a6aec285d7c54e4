//! Each column holds the value of its name. No two values of one type are equal, so two swapped columns are found.

use super::outbox::events;
use domain::ids::MessageId;
use messaging::outbox::InboxEntries;
use messaging::{NoChanges, Outgoing, UnitOfWork, WriteContext};
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_the_outbox_and_of_the_inbox_holds_the_value_of_its_name(pool: PgPool) {
    let mut work = UnitOfWork::begin(&WriteContext::of(pool.clone())).await.expect("a transaction");
    let (message, processed) = (events(1).remove(0), MessageId::from_uuid(Uuid::now_v7()));
    work.send([message.clone()]);
    let entries = InboxEntries { consumer: "the consumer", ids: &[processed] };
    work.commit_processed(NoChanges, entries, platform::clock::now()).await.expect("committed");

    let outbox: (Uuid, String, String, String, String) =
        sqlx::query_as("SELECT message_id, exchange, routing_key, type, payload FROM messaging.outbox")
            .fetch_one(&pool)
            .await
            .expect("the message");
    let inbox: (Uuid, String) =
        sqlx::query_as("SELECT message_id, consumer FROM messaging.inbox").fetch_one(&pool).await.expect("the entry");
    let Outgoing { message_id, exchange, routing_key, type_name, payload } = message;
    assert_eq!(outbox, (message_id.as_uuid(), exchange.into(), routing_key, type_name.into(), payload));
    assert_eq!(inbox, (processed.as_uuid(), "the consumer".to_owned()));
}
