//! Outbox and inbox: what is appended is published, and what is processed is recorded once.

use super::connections;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, UserId};
use domain::messages::{OrderCreated, OrderEvent};
use domain::money::Money;
use messaging::outbox::{InboxEntries, LeasedMessages};
use messaging::{Outgoing, RelayHandle, Trace, inbox, outbox};
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

pub fn events(count: usize) -> Vec<Outgoing> {
    let now: Timestamp = platform::clock::now();
    let event = |_| {
        let order_id = OrderId::from_uuid(Uuid::now_v7());
        let total = Money::new(1999, "USD".parse().expect("a currency")).expect("an amount");
        let customer_id = UserId::from_uuid(Uuid::now_v7());
        let created = OrderEvent::Created(OrderCreated { order_id, customer_id, total });
        let trace = Trace { correlation_id: "test".into(), causation_id: None, traceparent: None };
        Outgoing::new(order_id, &created, 1, trace, now)
    };
    (0..count).map(event).collect()
}

/// Appends and commits messages, and returns what must be passed to the relay.
async fn append(pool: &PgPool, messages: Vec<Outgoing>) -> LeasedMessages {
    let mut tx = platform::postgres::begin(pool).await.expect("a transaction");
    let leased = outbox::append(&mut tx, messages, &RelayHandle::default()).await.expect("appended");
    tx.commit().await.expect("committed");
    leased
}

/// Ends the lease of a message that was not passed to a relay, so that any relay may claim it.
async fn end_lease(pool: &PgPool, message: &Outgoing) {
    let done = sqlx::query("UPDATE messaging.outbox SET available_at = now() WHERE message_id = $1");
    done.bind(message.message_id.as_uuid()).execute(pool).await.expect("the lease is ended");
}

async fn unpublished(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM messaging.outbox").fetch_one(pool).await.expect("a count")
}

async fn until_unpublished(pool: &PgPool, count: i64) {
    let polling = async { while unpublished(pool).await != count {} };
    tokio::time::timeout(LIMIT, polling).await.expect("the outbox is published");
}

async fn stop(lifecycle: Lifecycle) {
    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    lifecycle.tasks.wait().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn three_relays_publish_all_rows_whose_lease_has_ended(pool: PgPool) {
    drop(append(&pool, events(3_000)).await);
    sqlx::query("UPDATE messaging.outbox SET available_at = now()").execute(&pool).await.expect("the lease is ended");

    let (connections, lifecycle) = (connections(), Lifecycle::default());
    for _ in 0..3 {
        lifecycle.spawn(outbox::run(
            pool.clone(),
            connections.clone(),
            RelayHandle::default(),
            LIMIT,
            lifecycle.clone(),
        ));
    }

    until_unpublished(&pool, 0).await;
    stop(lifecycle).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn messages_passed_to_the_relay_are_published_at_once_and_others_when_their_lease_has_ended(pool: PgPool) {
    let (first, second) = (events(1), events(1));
    let (relay, lifecycle) = (RelayHandle::default(), Lifecycle::default());
    let (dropped, leased) = (append(&pool, first.clone()).await, append(&pool, second).await);
    drop(dropped);
    lifecycle.spawn(outbox::run(pool.clone(), connections(), relay.clone(), POLL_INTERVAL, lifecycle.clone()));

    relay.publish(leased);
    until_unpublished(&pool, 1).await;
    // The relay polls all the time, but does not claim the other message.
    end_lease(&pool, &first[0]).await;

    until_unpublished(&pool, 0).await;
    stop(lifecycle).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_row_that_commits_late_is_published_although_later_rows_were_published_before(pool: PgPool) {
    let first = events(1);
    let (relay, lifecycle) = (RelayHandle::default(), Lifecycle::default());
    lifecycle.spawn(outbox::run(pool.clone(), connections(), relay.clone(), POLL_INTERVAL, lifecycle.clone()));
    let mut late = platform::postgres::begin(&pool).await.expect("a transaction");
    let late_messages = outbox::append(&mut late, first.clone(), &RelayHandle::default()).await.expect("appended");
    relay.publish(append(&pool, events(1)).await);
    until_unpublished(&pool, 0).await;

    late.commit().await.expect("committed");
    drop(late_messages);
    end_lease(&pool, &first[0]).await;

    until_unpublished(&pool, 0).await;
    stop(lifecycle).await;
}

/// Marks messages as processed and returns the number of new inbox rows.
async fn mark_processed(pool: &PgPool, consumer: &str, ids: &[MessageId]) -> usize {
    let mut tx = platform::postgres::begin(pool).await.expect("a transaction");
    let entries = InboxEntries { consumer, ids };
    let (_leased, inserted) = outbox::append_and_mark_processed(&mut tx, Vec::new(), entries, &RelayHandle::default())
        .await
        .expect("inserted");
    tx.commit().await.expect("committed");
    inserted
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_consumer_processes_a_message_once(pool: PgPool) {
    let ids: Vec<MessageId> = events(3).iter().map(|event| event.message_id).collect();

    assert_eq!(mark_processed(&pool, "inventory", &ids[..2]).await, 2);
    assert_eq!(mark_processed(&pool, "inventory", &ids).await, 1);
    assert_eq!(mark_processed(&pool, "orders", &ids[..2]).await, 2);

    let mut connection = pool.acquire().await.expect("a connection");
    assert_eq!(inbox::already_processed(&mut connection, "inventory", &ids).await.expect("known").len(), 3);
    assert_eq!(
        inbox::already_processed(&mut connection, "orders", &ids).await.expect("known"),
        [ids[0], ids[1]].into()
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn inbox_rows_and_outgoing_messages_are_stored_once_and_together_or_not_at_all(pool: PgPool) {
    let ids: Vec<MessageId> = events(3).iter().map(|event| event.message_id).collect();
    let process = async |ids: &[MessageId], commit: bool| {
        let mut tx = platform::postgres::begin(&pool).await.expect("a transaction");
        let entries = InboxEntries { consumer: "inventory", ids };
        let (leased, inserted) =
            outbox::append_and_mark_processed(&mut tx, events(2), entries, &RelayHandle::default())
                .await
                .expect("appended");
        drop(leased);
        if commit {
            tx.commit().await.expect("committed");
        }
        inserted
    };

    assert_eq!(process(&ids[..2], false).await, 2);
    assert_eq!(unpublished(&pool).await, 0);
    assert_eq!(process(&ids[..2], true).await, 2);
    assert_eq!(process(&ids, true).await, 1, "two of the three were processed before");
    assert_eq!(process(&[], true).await, 0);
    assert_eq!(unpublished(&pool).await, 6);
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_messages_about_old_orders_are_pruned_and_no_more_than_the_limit(pool: PgPool) {
    let ids: Vec<MessageId> = events(5).iter().map(|event| event.message_id).collect();
    mark_processed(&pool, "inventory", &ids).await;
    let hour = chrono::Duration::hours(1);

    let before = platform::clock::now() - hour;
    assert_eq!(inbox::prune(&pool, before, 100).await.expect("pruned"), 0);

    let after = platform::clock::now() + hour;
    assert_eq!(inbox::prune(&pool, after, 2).await.expect("pruned"), 2);
    assert_eq!(inbox::prune(&pool, after, 100).await.expect("pruned"), 3);
}
