//! Outbox and inbox: what is appended is published, and what is processed is recorded once.

use super::connections;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, UserId};
use domain::messages::{OrderCreated, OrderEvent};
use domain::money::Money;
use messaging::outbox::InboxEntries;
use messaging::{NoChanges, Outgoing, RelayHandle, Trace, UnitOfWork, WriteContext, inbox, outbox};
use platform::lifecycle::Lifecycle;
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
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

/// Commits messages. `relay` publishes them if it runs; otherwise they wait until their lease has ended.
async fn append(pool: &PgPool, messages: Vec<Outgoing>, relay: &RelayHandle) {
    let context = WriteContext { relay: relay.clone(), ..WriteContext::of(pool.clone()) };
    let mut work = UnitOfWork::begin(&context).await.expect("a transaction");
    work.send(messages);
    work.commit(NoChanges, platform::clock::now()).await.expect("committed");
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
    append(&pool, events(3_000), &RelayHandle::default()).await;
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
    append(&pool, first.clone(), &RelayHandle::default()).await;
    append(&pool, second, &relay).await;
    lifecycle.spawn(outbox::run(pool.clone(), connections(), relay.clone(), POLL_INTERVAL, lifecycle.clone()));

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
    insert(&mut late, &first[0]).await;
    append(&pool, events(1), &relay).await;
    until_unpublished(&pool, 0).await;

    late.commit().await.expect("committed");

    until_unpublished(&pool, 0).await;
    stop(lifecycle).await;
}

/// Appends the message without a lease.
async fn insert(tx: &mut PgConnection, message: &Outgoing) {
    let insert = "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, available_at)
                  VALUES ($1, $2, $3, $4, $5, now())";
    let row = sqlx::query(insert).bind(message.message_id.as_uuid()).bind(message.exchange.as_ref());
    let row = row.bind(&message.routing_key).bind(message.type_name.as_ref()).bind(&message.payload);
    row.execute(tx).await.expect("inserted");
}

/// Sends `messages` while it processes those with these ids. Returns whether none was processed before.
async fn process(pool: &PgPool, consumer: &str, ids: &[MessageId], messages: Vec<Outgoing>) -> bool {
    let mut work = UnitOfWork::begin(&WriteContext::of(pool.clone())).await.expect("a transaction");
    work.send(messages);
    let entries = InboxEntries { consumer, ids };
    work.commit_if_unprocessed(NoChanges, entries, platform::clock::now()).await.expect("stored")
}

async fn processed(pool: &PgPool, consumer: &str, ids: &[MessageId]) -> HashSet<MessageId> {
    let mut connection = platform::postgres::writer(pool).await.expect("a connection");
    inbox::already_processed(&mut connection, consumer, ids).await.expect("known")
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_consumer_processes_a_message_once(pool: PgPool) {
    let ids: Vec<MessageId> = events(3).iter().map(|event| event.message_id).collect();

    assert!(process(&pool, "inventory", &ids[..2], Vec::new()).await);
    assert!(!process(&pool, "inventory", &ids, Vec::new()).await, "two of the three were processed before");
    assert!(process(&pool, "orders", &ids[1..], Vec::new()).await);

    assert_eq!(processed(&pool, "inventory", &ids).await, ids[..2].iter().copied().collect());
    assert_eq!(processed(&pool, "orders", &ids).await, ids[1..].iter().copied().collect());
}

#[sqlx::test(migrations = "../../migrations")]
async fn inbox_rows_and_outgoing_messages_are_stored_once_and_together_or_not_at_all(pool: PgPool) {
    let ids: Vec<MessageId> = events(3).iter().map(|event| event.message_id).collect();

    assert!(process(&pool, "inventory", &ids[..2], events(2)).await);
    assert_eq!(unpublished(&pool).await, 2);
    assert!(!process(&pool, "inventory", &ids, events(2)).await);
    assert_eq!(unpublished(&pool).await, 2, "nothing is stored");
    assert!(process(&pool, "inventory", &[], events(2)).await);
    assert_eq!(unpublished(&pool).await, 4);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_message_that_is_settled_again_stays_processed_and_its_replies_are_stored_again(pool: PgPool) {
    let ids: Vec<MessageId> = events(1).iter().map(|event| event.message_id).collect();

    for settled in 1..=2 {
        let mut work = UnitOfWork::begin(&WriteContext::of(pool.clone())).await.expect("a transaction");
        work.send(events(1));
        let entries = InboxEntries { consumer: "payments", ids: &ids };
        work.commit_processed(NoChanges, entries, platform::clock::now()).await.expect("stored");
        assert_eq!(unpublished(&pool).await, settled);
    }

    assert_eq!(processed(&pool, "payments", &ids).await.len(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_unit_of_work_that_is_dropped_stores_nothing_and_one_that_is_committed_is_published_at_once(pool: PgPool) {
    let (relay, lifecycle) = (RelayHandle::default(), Lifecycle::default());
    let context = WriteContext { relay: relay.clone(), ..WriteContext::of(pool.clone()) };
    let mut dropped = UnitOfWork::begin(&context).await.expect("a transaction");
    dropped.send(events(1));
    drop(dropped);
    assert_eq!(unpublished(&pool).await, 0);

    append(&pool, events(1), &relay).await;
    assert_eq!(unpublished(&pool).await, 1);
    // With this interval the relay does not poll: it publishes what the commit passed to it.
    lifecycle.spawn(outbox::run(pool.clone(), connections(), relay, 2 * LIMIT, lifecycle.clone()));

    until_unpublished(&pool, 0).await;
    stop(lifecycle).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_messages_about_old_orders_are_pruned_and_no_more_than_the_limit(pool: PgPool) {
    let ids: Vec<MessageId> = events(5).iter().map(|event| event.message_id).collect();
    process(&pool, "inventory", &ids, Vec::new()).await;
    let hour = chrono::Duration::hours(1);

    let before = platform::clock::now() - hour;
    assert_eq!(inbox::prune(&pool, before, 100).await.expect("pruned"), 0);

    let after = platform::clock::now() + hour;
    assert_eq!(inbox::prune(&pool, after, 2).await.expect("pruned"), 2);
    assert_eq!(inbox::prune(&pool, after, 100).await.expect("pruned"), 3);
}
