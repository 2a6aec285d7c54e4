//! A provider that answers late delays only the message of that call.

use crate::batch_engine::{append, consume, effects, release, stop};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{InventoryCommand, Queue};
use messaging::consumer::{ConsumerSettings, TwoTransactions};
use messaging::{Begun, Bulkhead, CallLimit, Delivery, HandleError, HandleWithProvider, Handled, NoChanges, Verdict};
use platform::lifecycle::Lifecycle;
use sqlx::PgConnection;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use system_tests::{TestSystem, eventually};
use tokio::sync::Semaphore;
use uuid::Uuid;

const MESSAGES: usize = 60;
const LATE: usize = 5;
const LIMIT: Duration = Duration::from_mins(1);

/// A provider that answers calls for some orders only after the test has released a permit for each.
#[derive(Debug)]
struct GatedProvider {
    late: Vec<OrderId>,
    gate: Semaphore,
    calls: AtomicUsize,
    bulkhead: Bulkhead,
}

impl HandleWithProvider for GatedProvider {
    type Command = InventoryCommand;
    type Call = OrderId;
    type Answer = ();
    type Changes = NoChanges;
    const QUEUE: Queue = Queue::Inventory;

    async fn begin(
        &self,
        _tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
        _now: Timestamp,
    ) -> Result<Begun<OrderId, NoChanges>, HandleError> {
        let calls = batch.iter().map(|delivery| delivery.header.subject).collect();
        Ok(Begun { calls, changes: NoChanges })
    }

    fn bulkhead(&self, _command: &InventoryCommand) -> Bulkhead {
        self.bulkhead.clone()
    }

    async fn call(&self, order: OrderId) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.late.contains(&order) {
            self.gate.acquire().await.expect("never closed").forget();
        }
    }

    async fn settle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
        _answers: Vec<()>,
        _now: Timestamp,
    ) -> Result<Handled<NoChanges>, HandleError> {
        let mut handled = Handled::default();
        for delivery in batch {
            let row = delivery.header.subject.as_uuid();
            sqlx::query("INSERT INTO effects VALUES ($1)").bind(row).execute(&mut *tx).await?;
            handled.verdicts.push(Verdict::Done);
        }
        Ok(handled)
    }
}

impl GatedProvider {
    fn new(orders: &[OrderId]) -> Arc<Self> {
        let bulkhead = Bulkhead::of(MESSAGES, &CallLimit::of(MESSAGES));
        let late = orders[..LATE].to_vec();
        Arc::new(Self { late, gate: Semaphore::new(0), calls: AtomicUsize::new(0), bulkhead })
    }
}

/// A system without workers, with one release command for each of these orders.
async fn started(name: &'static str) -> (TestSystem, Vec<OrderId>) {
    let system = TestSystem::of(name).workers(0).start().await;
    sqlx::query("CREATE TABLE effects (order_id uuid NOT NULL)").execute(system.pool()).await.expect("a table");
    let orders: Vec<_> = (0..MESSAGES).map(|_| OrderId::from_uuid(Uuid::now_v7())).collect();
    append(system.pool(), &orders.iter().copied().map(release).collect::<Vec<_>>()).await;
    (system, orders)
}

async fn until_effects(system: &TestSystem, expected: usize) {
    let expected = i64::try_from(expected).expect("small");
    eventually("each message to have its effect once", LIMIT, || async {
        let seen = effects(system.pool()).await;
        if seen == (expected, expected) { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_not_answered_delays_its_own_message_alone() {
    let (system, orders) = started("late_answers").await;
    let (gated, lifecycle) = (GatedProvider::new(&orders), Lifecycle::default());
    let connections = consume(&system, TwoTransactions(gated.clone()), ConsumerSettings::default(), &lifecycle);

    until_effects(&system, MESSAGES - LATE).await;
    append(system.pool(), &[release(OrderId::from_uuid(Uuid::now_v7()))]).await;
    until_effects(&system, MESSAGES - LATE + 1).await;
    gated.gate.add_permits(1);
    until_effects(&system, MESSAGES - LATE + 2).await;
    // While it stops, the consumer waits for the calls that are in flight.
    lifecycle.stopping.cancel();
    gated.gate.add_permits(LATE - 1);
    stop(lifecycle).await;
    until_effects(&system, MESSAGES + 1).await;
    assert_eq!(gated.calls.load(Ordering::Relaxed), MESSAGES + 1, "one call per message");
    connections.close().await;
    system.finish().await;
}

#[tokio::test]
async fn a_connection_that_closes_while_calls_are_in_flight_loses_no_message_and_duplicates_no_effect() {
    let (system, orders) = started("late_answers_cut").await;
    let (gated, lifecycle) = (GatedProvider::new(&orders), Lifecycle::default());
    let connections = consume(&system, TwoTransactions(gated.clone()), ConsumerSettings::default(), &lifecycle);

    until_effects(&system, MESSAGES - LATE).await;
    eventually("the late calls to be made again", LIMIT, || async {
        let open = system.broker.connections(1, &BTreeSet::new()).await;
        system.broker.close_connections(&open).await;
        let calls = gated.calls.load(Ordering::Relaxed);
        if calls >= MESSAGES + LATE { Ok(()) } else { Err(format!("{calls} calls")) }
    })
    .await;
    gated.gate.add_permits(MESSAGES);
    until_effects(&system, MESSAGES).await;
    // The connection may have closed between an effect and its ack. The next session acks the redelivered message, so
    // the consumer runs until every queue is empty.
    system.finish().await;
    stop(lifecycle).await;
    connections.close().await;
}
