//! What the outbox and the inbox promise.

use super::links;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, UserId};
use domain::messages::{OrderCreated, OrderEvent};
use domain::money::Money;
use messaging::{Outgoing, Trace, Waker, inbox, outbox};
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(20);

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

/// Waits until nothing is unsent.
async fn drained(pool: &PgPool) -> Result<(), tokio::time::error::Elapsed> {
    let look = || sqlx::query_scalar::<_, i64>("SELECT count(*) FROM messaging.outbox").fetch_one(pool);
    tokio::time::timeout(LIMIT, async { while look().await.expect("a count") > 0 {} }).await
}

#[sqlx::test(migrations = "../../migrations")]
async fn three_relays_carry_the_outbox_to_the_last_row(pool: PgPool) {
    let mut tx = platform::postgres::begin(&pool).await.expect("a transaction");
    outbox::append(&mut tx, &events(3_000)).await.expect("appended");
    tx.commit().await.expect("committed");

    let (links, lifecycle) = (links(), Lifecycle::default());
    for _ in 0..3 {
        let relay = outbox::run(pool.clone(), links.clone(), Waker::default(), LIMIT, lifecycle.clone());
        lifecycle.spawn(relay);
    }

    drained(&pool).await.expect("the outbox is drained");
    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    lifecycle.tasks.wait().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_row_that_commits_late_is_carried_though_later_ones_went_before(pool: PgPool) {
    let (first, second) = (events(1), events(1));
    let mut late = platform::postgres::begin(&pool).await.expect("a transaction");
    outbox::append(&mut late, &first).await.expect("appended");
    let mut early = platform::postgres::begin(&pool).await.expect("a transaction");
    outbox::append(&mut early, &second).await.expect("appended");
    early.commit().await.expect("committed");

    let (waker, lifecycle) = (Waker::default(), Lifecycle::default());
    lifecycle.spawn(outbox::run(pool.clone(), links(), waker.clone(), LIMIT, lifecycle.clone()));
    drained(&pool).await.expect("the early row is carried");
    late.commit().await.expect("committed");
    waker.wake();

    drained(&pool).await.expect("the late row is carried");
    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    lifecycle.tasks.wait().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reader_takes_a_message_once_and_another_reader_takes_it_too(pool: PgPool) {
    let ids: Vec<MessageId> = events(3).iter().map(|event| event.message_id).collect();
    let mut tx = platform::postgres::begin(&pool).await.expect("a transaction");

    let fresh = inbox::take(&mut tx, "inventory", &ids[..2]).await.expect("taken");
    assert_eq!(fresh.len(), 2);

    let again = inbox::take(&mut tx, "inventory", &ids).await.expect("taken");
    assert_eq!(again, [ids[2]].into());
    assert_eq!(inbox::take(&mut tx, "orders", &ids).await.expect("taken").len(), 3);

    inbox::put_back(&mut tx, "inventory", &ids[..1]).await.expect("put back");
    assert_eq!(inbox::taken(&mut tx, "inventory", &ids).await.expect("known"), [ids[1], ids[2]].into());
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_messages_about_old_orders_are_pruned_and_no_more_than_asked(pool: PgPool) {
    let ids: Vec<MessageId> = events(5).iter().map(|event| event.message_id).collect();
    let mut tx = platform::postgres::begin(&pool).await.expect("a transaction");
    inbox::take(&mut tx, "inventory", &ids).await.expect("taken");
    tx.commit().await.expect("committed");
    let hour = chrono::Duration::hours(1);

    let before = platform::clock::now() - hour;
    assert_eq!(inbox::prune(&pool, before, 100).await.expect("pruned"), 0);

    let after = platform::clock::now() + hour;
    assert_eq!(inbox::prune(&pool, after, 2).await.expect("pruned"), 2);
    assert_eq!(inbox::prune(&pool, after, 100).await.expect("pruned"), 3);
}
