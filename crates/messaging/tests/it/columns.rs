//! Each column holds the value of its name. No two values of one type are equal, so two swapped columns are found.

use super::outbox::events;
use domain::ids::MessageId;
use messaging::outbox::{InboxEntries, append_and_mark_processed};
use messaging::{Outgoing, RelayHandle};
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_the_outbox_and_of_the_inbox_holds_the_value_of_its_name(pool: PgPool) {
    let mut tx = platform::postgres::begin(&pool).await.expect("a transaction");
    let (message, processed) = (events(1).remove(0), MessageId::from_uuid(Uuid::now_v7()));
    let entries = InboxEntries { consumer: "the consumer", ids: &[processed] };
    let appended = append_and_mark_processed(&mut tx, vec![message.clone()], entries, &RelayHandle::default()).await;
    let (_leased, inbox_rows) = appended.expect("appended");
    assert_eq!(inbox_rows, 1);

    let outbox: (Uuid, String, String, String, String) =
        sqlx::query_as("SELECT message_id, exchange, routing_key, type, payload FROM messaging.outbox")
            .fetch_one(&mut *tx)
            .await
            .expect("the message");
    let inbox: (Uuid, String) = sqlx::query_as("SELECT message_id, consumer FROM messaging.inbox")
        .fetch_one(&mut *tx)
        .await
        .expect("the entry");
    let Outgoing { message_id, exchange, routing_key, type_name, payload } = message;
    assert_eq!(outbox, (message_id.as_uuid(), exchange.into(), routing_key, type_name.into(), payload));
    assert_eq!(inbox, (processed.as_uuid(), "the consumer".to_owned()));
}
