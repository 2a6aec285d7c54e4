//! The guarantees of the consumer for each message of a batch, with handlers that fail on purpose.

use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{InventoryCommand, Queue, ReleaseStock};
use messaging::broker::BrokerConnections;
use messaging::consumer::{self, BatchHandler, BatchLimiter, ConsumerSettings, OneTransaction};
use messaging::{
    Changes, Delivery, Handle, HandleError, Handled, NoChanges, Outgoing, Trace, UnitOfWork, Verdict, WriteContext,
    dead_letters,
};
use operations::FailedJobs;
use platform::config::{MessageSigningArgs, RabbitmqArgs};
use platform::lifecycle::Lifecycle;
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use system_tests::{TestSystem, eventually};
use tokio::sync::{Barrier, Mutex};
use uuid::Uuid;

const MESSAGES: usize = 300;
const DUPLICATES: usize = 20;
const LIMIT: Duration = Duration::from_mins(1);

/// Inserts a row for each message of its batch, and fails on three of them.
#[derive(Debug, Clone, Copy)]
struct FlakyHandler {
    /// Fails the whole batch with a row that can't be inserted.
    unstorable: OrderId,
    /// Fails the whole batch with a panic.
    panics: OrderId,
    /// Is retried alone, each time.
    retried: OrderId,
}

impl Handle for FlakyHandler {
    type Command = InventoryCommand;
    type Changes = NoChanges;
    const QUEUE: Queue = Queue::Inventory;

    async fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
        _now: Timestamp,
    ) -> Result<Handled<NoChanges>, HandleError> {
        let mut handled = Handled::default();
        for delivery in batch {
            let order = delivery.header.subject;
            assert_ne!(order, self.panics, "meant to panic");
            if order == self.retried {
                handled.verdicts.push(Verdict::Retry("not now".to_owned()));
                continue;
            }
            let row = (order != self.unstorable).then_some(order.as_uuid());
            sqlx::query("INSERT INTO effects VALUES ($1)").bind(row).execute(&mut *tx).await?;
            handled.verdicts.push(Verdict::Done);
        }
        Ok(handled)
    }
}

/// Handles one message twice at the same time: both transactions insert their row before either marks the message as
/// processed.
#[derive(Debug, Clone)]
struct RacingHandler {
    barrier: Arc<Barrier>,
    /// The orders of the handled messages. The two of a race follow each other.
    handled: Arc<Mutex<Vec<OrderId>>>,
    /// The messages counted after a commit.
    counted: Arc<AtomicUsize>,
}

/// Counts the messages of a batch after its commit.
#[derive(Debug)]
struct CountedMessages {
    messages: usize,
    counted: Arc<AtomicUsize>,
}

impl Changes for CountedMessages {
    type Error = sqlx::Error;

    async fn save(&self, _tx: &mut PgConnection, _now: Timestamp) -> sqlx::Result<()> {
        Ok(())
    }

    fn committed(self, _now: Timestamp) {
        self.counted.fetch_add(self.messages, Ordering::Relaxed);
    }
}

impl Handle for RacingHandler {
    type Command = InventoryCommand;
    type Changes = CountedMessages;
    const QUEUE: Queue = Queue::Inventory;

    async fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
        _now: Timestamp,
    ) -> Result<Handled<CountedMessages>, HandleError> {
        let mut verdicts = Vec::new();
        for delivery in batch {
            let row = delivery.header.subject.as_uuid();
            sqlx::query("INSERT INTO effects VALUES ($1)").bind(row).execute(&mut *tx).await?;
            verdicts.push(Verdict::Done);
            self.handled.lock().await.push(delivery.header.subject);
            self.barrier.wait().await;
        }
        let changes = CountedMessages { messages: batch.len(), counted: Arc::clone(&self.counted) };
        Ok(Handled { verdicts, changes, outgoing: Vec::new() })
    }
}

/// Runs `handler` on the inventory queue until the lifecycle stops, on connections of its own.
pub fn consume<W: BatchHandler>(
    system: &TestSystem,
    handler: W,
    settings: ConsumerSettings,
    lifecycle: &Lifecycle,
) -> BrokerConnections {
    let args = RabbitmqArgs {
        rabbitmq_url: system.broker.url.clone().into(),
        retry_delay_percent: 1,
        rabbitmq_ca_file: None,
        signing: MessageSigningArgs::default(),
    };
    let connections = BrokerConnections::new(&args, "batch engine test").expect("a url");
    let (write, limiter) = (WriteContext::of(system.pool().clone()), BatchLimiter::new(None));
    lifecycle.spawn(consumer::run(handler, write, connections.clone(), limiter, settings, lifecycle.clone()));
    connections
}

pub async fn stop(lifecycle: Lifecycle) {
    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    lifecycle.tasks.wait().await;
}

pub async fn effects(pool: &PgPool) -> (i64, i64) {
    let counts = "SELECT count(*), count(DISTINCT order_id) FROM effects";
    sqlx::query_as(counts).fetch_one(pool).await.expect("counts")
}

pub fn release(order_id: OrderId) -> Outgoing {
    let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
    let command = InventoryCommand::Release(ReleaseStock { order_id });
    Outgoing::new(order_id, &command, 1, trace, platform::clock::now())
}

pub async fn append(pool: &PgPool, messages: &[Outgoing]) {
    let mut work = UnitOfWork::begin(&WriteContext::of(pool.clone())).await.expect("a transaction");
    work.send(messages.iter().cloned());
    work.commit(NoChanges, platform::clock::now()).await.expect("committed");
}

#[tokio::test]
async fn a_message_that_fails_its_batch_becomes_a_failed_job_and_each_other_has_its_effect_once() {
    let mut system = TestSystem::of("batch_engine").workers(0).start().await;
    let pool = system.pool().clone();
    sqlx::query("CREATE TABLE effects (order_id uuid NOT NULL)").execute(&pool).await.expect("a table");
    let orders: Vec<_> = (0..MESSAGES).map(|_| OrderId::from_uuid(Uuid::now_v7())).collect();
    let handler = FlakyHandler { unstorable: orders[17], panics: orders[128], retried: orders[255] };
    system.expect_failed_jobs(3);

    // The sound messages are published twice, under the same ids.
    let messages: Vec<_> = orders.iter().copied().map(release).collect();
    append(&pool, &messages).await;
    let sound: Vec<_> = messages.iter().enumerate().filter(|(index, _)| ![17, 128, 255].contains(index)).collect();
    append(&pool, &sound.into_iter().map(|(_, message)| message.clone()).collect::<Vec<_>>()).await;
    let lifecycle = Lifecycle::default();
    let connections = consume(&system, OneTransaction(handler), ConsumerSettings::default(), &lifecycle);
    let sink = FailedJobs::new(pool.clone());
    lifecycle.spawn(dead_letters::drain(Queue::Inventory, sink, connections.clone(), lifecycle.clone()));

    system.until_failed_jobs(3, LIMIT).await;
    let expected = i64::try_from(MESSAGES - 3).expect("small");
    assert_eq!(effects(&pool).await, (expected, expected));
    stop(lifecycle).await;
    connections.close().await;
    system.finish().await;
}

#[tokio::test]
async fn two_consumers_that_handle_one_message_at_the_same_time_have_its_effect_once() {
    let system = TestSystem::of("racing_consumers").workers(0).start().await;
    let pool = system.pool().clone();
    sqlx::query("CREATE TABLE effects (order_id uuid NOT NULL)").execute(&pool).await.expect("a table");
    let messages: Vec<_> = (0..DUPLICATES).map(|_| release(OrderId::from_uuid(Uuid::now_v7()))).collect();

    // Each message is followed by its duplicate: with a prefetch of one, the two consumers get the same message.
    let duplicated: Vec<_> = messages.iter().flat_map(|message| [message.clone(), message.clone()]).collect();
    append(&pool, &duplicated).await;
    let racing = RacingHandler { barrier: Arc::new(Barrier::new(2)), handled: Arc::default(), counted: Arc::default() };
    let (one_at_a_time, lifecycle) = (ConsumerSettings { batch_max: 1, prefetch: 1 }, Lifecycle::default());
    let connections = [(); 2].map(|()| consume(&system, OneTransaction(racing.clone()), one_at_a_time, &lifecycle));

    eventually("every message to be processed by one of the two", LIMIT, || async {
        let counted = racing.counted.load(Ordering::Relaxed);
        if counted >= DUPLICATES { Ok(()) } else { Err(format!("{counted} are")) }
    })
    .await;
    // The other consumer finishes its current message before it stops.
    stop(lifecycle).await;
    let expected = i64::try_from(DUPLICATES).expect("small");
    assert_eq!(effects(&pool).await, (expected, expected));
    let handled = racing.handled.lock().await.clone();
    assert_eq!(handled.len(), 2 * DUPLICATES);
    assert!(handled.chunks(2).all(|pair| pair[0] == pair[1]), "both consumers race for one message: {handled:?}");
    assert_eq!(racing.counted.load(Ordering::Relaxed), DUPLICATES, "a message that was rolled back is not counted");
    for connection in connections {
        connection.close().await;
    }
    system.finish().await;
}
