//! What the outbox and the inbox promise.

use super::links;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, UserId};
use domain::messages::{OrderCreated, OrderEvent};
use domain::money::Money;
use messaging::outbox::{Parcel, Taking};
use messaging::{Outgoing, Relay, Trace, inbox, outbox};
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

fn events(count: usize) -> Vec<Outgoing> {
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

/// Appends them, commits, and gives what is to be handed in.
async fn say(pool: &PgPool, messages: Vec<Outgoing>) -> Parcel {
    let mut tx = platform::postgres::begin(pool).await.expect("a transaction");
    let parcel = outbox::append(&mut tx, messages, &Relay::default()).await.expect("appended");
    tx.commit().await.expect("committed");
    parcel
}

/// Nobody handed them in, and by now they are anybody's.
async fn lease_ends(pool: &PgPool, message: &Outgoing) {
    let done = sqlx::query("UPDATE messaging.outbox SET available_at = now() WHERE message_id = $1");
    done.bind(message.message_id.as_uuid()).execute(pool).await.expect("the lease ends");
}

async fn unsent(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM messaging.outbox").fetch_one(pool).await.expect("a count")
}

async fn until_unsent_are(pool: &PgPool, wanted: i64) {
    let look = async { while unsent(pool).await != wanted {} };
    tokio::time::timeout(LIMIT, look).await.expect("the outbox is carried");
}

async fn end(lifecycle: Lifecycle) {
    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    lifecycle.tasks.wait().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn three_relays_carry_what_was_left_behind_to_the_last_row(pool: PgPool) {
    drop(say(&pool, events(3_000)).await);
    sqlx::query("UPDATE messaging.outbox SET available_at = now()").execute(&pool).await.expect("the lease ends");

    let (links, lifecycle) = (links(), Lifecycle::default());
    for _ in 0..3 {
        lifecycle.spawn(outbox::run(pool.clone(), links.clone(), Relay::default(), LIMIT, lifecycle.clone()));
    }

    until_unsent_are(&pool, 0).await;
    end(lifecycle).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_handed_in_goes_out_at_once_and_what_is_not_when_its_lease_has_ended(pool: PgPool) {
    let (first, second) = (events(1), events(1));
    let (relay, lifecycle) = (Relay::default(), Lifecycle::default());
    let (dropped, handed_in) = (say(&pool, first.clone()).await, say(&pool, second).await);
    drop(dropped);
    lifecycle.spawn(outbox::run(pool.clone(), links(), relay.clone(), LOOK_EVERY, lifecycle.clone()));

    relay.carry(handed_in);
    until_unsent_are(&pool, 1).await;
    // It looks all the time, and lets the other alone.
    lease_ends(&pool, &first[0]).await;

    until_unsent_are(&pool, 0).await;
    end(lifecycle).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_row_that_commits_late_is_carried_though_later_ones_went_before(pool: PgPool) {
    let first = events(1);
    let (relay, lifecycle) = (Relay::default(), Lifecycle::default());
    lifecycle.spawn(outbox::run(pool.clone(), links(), relay.clone(), LOOK_EVERY, lifecycle.clone()));
    let mut late = platform::postgres::begin(&pool).await.expect("a transaction");
    let late_parcel = outbox::append(&mut late, first.clone(), &Relay::default()).await.expect("appended");
    relay.carry(say(&pool, events(1)).await);
    until_unsent_are(&pool, 0).await;

    late.commit().await.expect("committed");
    drop(late_parcel);
    lease_ends(&pool, &first[0]).await;

    until_unsent_are(&pool, 0).await;
    end(lifecycle).await;
}

async fn take(pool: &PgPool, reader: &str, ids: &[MessageId]) -> usize {
    let mut tx = platform::postgres::begin(pool).await.expect("a transaction");
    let taking = Taking { reader, ids };
    let (_parcel, taken) =
        outbox::append_and_take(&mut tx, Vec::new(), taking, &Relay::default()).await.expect("taken");
    tx.commit().await.expect("committed");
    taken
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reader_takes_a_message_once_and_another_reader_takes_it_too(pool: PgPool) {
    let ids: Vec<MessageId> = events(3).iter().map(|event| event.message_id).collect();

    assert_eq!(take(&pool, "inventory", &ids[..2]).await, 2);
    assert_eq!(take(&pool, "inventory", &ids).await, 1);
    assert_eq!(take(&pool, "orders", &ids[..2]).await, 2);

    let mut connection = pool.acquire().await.expect("a connection");
    assert_eq!(inbox::taken(&mut connection, "inventory", &ids).await.expect("known").len(), 3);
    assert_eq!(inbox::taken(&mut connection, "orders", &ids).await.expect("known"), [ids[0], ids[1]].into());
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_taken_with_its_answers_is_taken_once_and_all_of_it_or_nothing_is_stored(pool: PgPool) {
    let ids: Vec<MessageId> = events(3).iter().map(|event| event.message_id).collect();
    let take = async |ids: &[MessageId], commit: bool| {
        let mut tx = platform::postgres::begin(&pool).await.expect("a transaction");
        let taking = Taking { reader: "inventory", ids };
        let (parcel, taken) =
            outbox::append_and_take(&mut tx, events(2), taking, &Relay::default()).await.expect("appended");
        drop(parcel);
        if commit {
            tx.commit().await.expect("committed");
        }
        taken
    };

    assert_eq!(take(&ids[..2], false).await, 2);
    assert_eq!(unsent(&pool).await, 0);
    assert_eq!(take(&ids[..2], true).await, 2);
    assert_eq!(take(&ids, true).await, 1, "two of the three were taken before");
    assert_eq!(take(&[], true).await, 0);
    assert_eq!(unsent(&pool).await, 6);
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_messages_about_old_orders_are_pruned_and_no_more_than_asked(pool: PgPool) {
    let ids: Vec<MessageId> = events(5).iter().map(|event| event.message_id).collect();
    take(&pool, "inventory", &ids).await;
    let hour = chrono::Duration::hours(1);

    let before = platform::clock::now() - hour;
    assert_eq!(inbox::prune(&pool, before, 100).await.expect("pruned"), 0);

    let after = platform::clock::now() + hour;
    assert_eq!(inbox::prune(&pool, after, 2).await.expect("pruned"), 2);
    assert_eq!(inbox::prune(&pool, after, 100).await.expect("pruned"), 3);
}
