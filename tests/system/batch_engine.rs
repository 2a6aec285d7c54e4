//! What a batch promises its messages, whatever its handler does: held against a handler that misbehaves on purpose.

use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{InventoryCommand, Queue, ReleaseStock};
use messaging::broker::BrokerConnections;
use messaging::consumer::{self, BatchHandler, BatchLimiter, ConsumerSettings, OneTransaction};
use messaging::{
    AfterCommit, Delivery, Handle, HandleError, Handled, Outgoing, RelayHandle, Trace, Verdict, dead_letters, outbox,
};
use operations::FailedJobs;
use platform::config::RabbitmqArgs;
use platform::lifecycle::Lifecycle;
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use system_tests::{TestSystem, eventually};
use tokio::sync::{Barrier, Mutex};
use uuid::Uuid;

const MESSAGES: usize = 300;
const MEETINGS: usize = 20;
const LIMIT: Duration = Duration::from_mins(1);

/// Writes a row for each message of its batch, and then minds about some.
#[derive(Debug, Clone, Copy)]
struct Moody {
    /// Takes the whole batch down, by a row that can't be stored.
    unstorable: OrderId,
    /// Takes the whole batch down, by a panic.
    maddening: OrderId,
    /// Is put off alone, each time.
    put_off: OrderId,
}

impl Handle for Moody {
    type Command = InventoryCommand;
    const QUEUE: Queue = Queue::Inventory;

    async fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
        _now: Timestamp,
    ) -> Result<Handled, HandleError> {
        let mut handled = Handled::default();
        for delivery in batch {
            let order = delivery.header.subject;
            assert_ne!(order, self.maddening, "meant to panic");
            if order == self.put_off {
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

/// Meets another one in the middle: both have had their effect before either takes its message.
#[derive(Debug, Clone)]
struct Meeting {
    both: Arc<Barrier>,
    /// Whose message each had, of those that met: one after the other.
    met: Arc<Mutex<Vec<OrderId>>>,
    counted: Arc<AtomicUsize>,
}

impl Handle for Meeting {
    type Command = InventoryCommand;
    const QUEUE: Queue = Queue::Inventory;

    async fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
        _now: Timestamp,
    ) -> Result<Handled, HandleError> {
        let mut handled = Handled::default();
        for delivery in batch {
            let row = delivery.header.subject.as_uuid();
            sqlx::query("INSERT INTO effects VALUES ($1)").bind(row).execute(&mut *tx).await?;
            handled.verdicts.push(Verdict::Done);
            self.met.lock().await.push(delivery.header.subject);
            self.both.wait().await;
        }
        let (counted, effects) = (self.counted.clone(), batch.len());
        handled.after_commit = AfterCommit::new(move || {
            counted.fetch_add(effects, Ordering::Relaxed);
        });
        Ok(handled)
    }
}

/// Has `work` consume the queue of the inventory until the lifecycle's end, on connections of its own.
pub fn consume<W: BatchHandler>(
    system: &TestSystem,
    work: W,
    settings: ConsumerSettings,
    lifecycle: &Lifecycle,
) -> BrokerConnections {
    let args = RabbitmqArgs { rabbitmq_url: system.broker.url.clone().into(), retry_delay_percent: 1 };
    let links = BrokerConnections::new(&args, "batch engine test").expect("a url");
    let (pool, relay, turns) = (system.pool().clone(), RelayHandle::default(), BatchLimiter::new(None));
    lifecycle.spawn(consumer::run(work, pool, links.clone(), relay, turns, settings, lifecycle.clone()));
    links
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

pub async fn say(pool: &PgPool, messages: &[Outgoing]) {
    let mut tx = platform::postgres::begin(pool).await.expect("a transaction");
    let _left_behind = outbox::append(&mut tx, messages.to_vec(), &RelayHandle::default()).await.expect("appended");
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn a_message_that_fails_its_batch_ends_alone_as_a_failed_job_and_each_other_has_its_effect_once() {
    let mut system = TestSystem::of("batch_engine").workers(0).start().await;
    let pool = system.pool().clone();
    sqlx::query("CREATE TABLE effects (order_id uuid NOT NULL)").execute(&pool).await.expect("a table");
    let orders: Vec<_> = (0..MESSAGES).map(|_| OrderId::from_uuid(Uuid::now_v7())).collect();
    let moody = Moody { unstorable: orders[17], maddening: orders[128], put_off: orders[255] };
    system.expect_failed_jobs(3);

    // Twice: each message comes again under its own id.
    let messages: Vec<_> = orders.iter().copied().map(release).collect();
    say(&pool, &messages).await;
    let sound: Vec<_> = messages.iter().enumerate().filter(|(place, _)| ![17, 128, 255].contains(place)).collect();
    say(&pool, &sound.into_iter().map(|(_, message)| message.clone()).collect::<Vec<_>>()).await;
    let lifecycle = Lifecycle::default();
    let links = consume(&system, OneTransaction(moody), ConsumerSettings::default(), &lifecycle);
    let keeper = FailedJobs::new(pool.clone());
    lifecycle.spawn(dead_letters::drain(Queue::Inventory, keeper, links.clone(), lifecycle.clone()));

    system.until_failed_jobs(3, LIMIT).await;
    let expected = i64::try_from(MESSAGES - 3).expect("small");
    assert_eq!(effects(&pool).await, (expected, expected));
    stop(lifecycle).await;
    links.close().await;
    system.finish().await;
}

#[tokio::test]
async fn two_that_handle_one_message_at_the_same_moment_have_its_effect_once() {
    let system = TestSystem::of("meeting").workers(0).start().await;
    let pool = system.pool().clone();
    sqlx::query("CREATE TABLE effects (order_id uuid NOT NULL)").execute(&pool).await.expect("a table");
    let messages: Vec<_> = (0..MEETINGS).map(|_| release(OrderId::from_uuid(Uuid::now_v7()))).collect();

    // Each twice, one behind the other: with one message in hand each, the two get the same one.
    let twins: Vec<_> = messages.iter().flat_map(|message| [message.clone(), message.clone()]).collect();
    say(&pool, &twins).await;
    let meeting = Meeting { both: Arc::new(Barrier::new(2)), met: Arc::default(), counted: Arc::default() };
    let (one_at_a_time, lifecycle) = (ConsumerSettings { batch_max: 1, prefetch: 1 }, Lifecycle::default());
    let links = [(); 2].map(|()| consume(&system, OneTransaction(meeting.clone()), one_at_a_time, &lifecycle));

    eventually("every message to be taken by one of the two", LIMIT, || async {
        let counted = meeting.counted.load(Ordering::Relaxed);
        if counted >= MEETINGS { Ok(()) } else { Err(format!("{counted} are")) }
    })
    .await;
    // The other one brings to its end what it has begun.
    stop(lifecycle).await;
    let expected = i64::try_from(MEETINGS).expect("small");
    assert_eq!(effects(&pool).await, (expected, expected));
    let met = meeting.met.lock().await.clone();
    assert_eq!(met.len(), 2 * MEETINGS);
    assert!(met.chunks(2).all(|both| both[0] == both[1]), "each time over one message: {met:?}");
    assert_eq!(meeting.counted.load(Ordering::Relaxed), MEETINGS, "what was rolled back is not counted");
    for link in links {
        link.close().await;
    }
    system.finish().await;
}
