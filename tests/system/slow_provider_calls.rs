//! A provider that answers late: its message waits for it, and no other one does.

use crate::batch_engine::{consume, effects, release, say, stop};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{InventoryCommand, Queue};
use messaging::consumer::{ConsumerSettings, TwoTransactions};
use messaging::{Bulkhead, CallLimit, Delivery, HandleError, HandleWithProvider, Handled, Verdict};
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

/// A provider whose answers about some orders wait until they are let through.
#[derive(Debug)]
struct Gated {
    late: Vec<OrderId>,
    gate: Semaphore,
    asked: AtomicUsize,
    bulkhead: Bulkhead,
}

impl HandleWithProvider for Gated {
    type Command = InventoryCommand;
    type Call = OrderId;
    type Answer = ();
    const QUEUE: Queue = Queue::Inventory;

    async fn begin(
        &self,
        _tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
        _now: Timestamp,
    ) -> Result<Vec<OrderId>, HandleError> {
        Ok(batch.iter().map(|delivery| delivery.header.subject).collect())
    }

    fn bulkhead(&self, _command: &InventoryCommand) -> Bulkhead {
        self.bulkhead.clone()
    }

    async fn call(&self, order: OrderId) {
        self.asked.fetch_add(1, Ordering::Relaxed);
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
    ) -> Result<Handled, HandleError> {
        let mut handled = Handled::default();
        for delivery in batch {
            let row = delivery.header.subject.as_uuid();
            sqlx::query("INSERT INTO effects VALUES ($1)").bind(row).execute(&mut *tx).await?;
            handled.verdicts.push(Verdict::Done);
        }
        Ok(handled)
    }
}

impl Gated {
    fn new(orders: &[OrderId]) -> Arc<Self> {
        let bulkhead = Bulkhead::of(MESSAGES, &CallLimit::of(MESSAGES));
        let late = orders[..LATE].to_vec();
        Arc::new(Self { late, gate: Semaphore::new(0), asked: AtomicUsize::new(0), bulkhead })
    }
}

/// A system with nothing but a queue with one release for each of these orders.
async fn started(name: &'static str) -> (TestSystem, Vec<OrderId>) {
    let system = TestSystem::of(name).workers(0).start().await;
    sqlx::query("CREATE TABLE effects (order_id uuid NOT NULL)").execute(system.pool()).await.expect("a table");
    let orders: Vec<_> = (0..MESSAGES).map(|_| OrderId::from_uuid(Uuid::now_v7())).collect();
    say(system.pool(), &orders.iter().copied().map(release).collect::<Vec<_>>()).await;
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
async fn a_call_that_is_not_answered_holds_up_its_own_message_alone() {
    let (system, orders) = started("late_answers").await;
    let (gated, lifecycle) = (Gated::new(&orders), Lifecycle::default());
    let links = consume(&system, TwoTransactions(gated.clone()), ConsumerSettings::default(), &lifecycle);

    until_effects(&system, MESSAGES - LATE).await;
    say(system.pool(), &[release(OrderId::from_uuid(Uuid::now_v7()))]).await;
    until_effects(&system, MESSAGES - LATE + 1).await;
    gated.gate.add_permits(1);
    until_effects(&system, MESSAGES - LATE + 2).await;
    // Asked to stop, it waits for what is under way.
    lifecycle.stopping.cancel();
    gated.gate.add_permits(LATE - 1);
    stop(lifecycle).await;
    until_effects(&system, MESSAGES + 1).await;
    assert_eq!(gated.asked.load(Ordering::Relaxed), MESSAGES + 1, "each was asked for once");
    links.close().await;
    system.finish().await;
}

#[tokio::test]
async fn a_channel_that_dies_while_calls_are_under_way_costs_no_message_and_doubles_none() {
    let (system, orders) = started("late_answers_cut").await;
    let (gated, lifecycle) = (Gated::new(&orders), Lifecycle::default());
    let links = consume(&system, TwoTransactions(gated.clone()), ConsumerSettings::default(), &lifecycle);

    until_effects(&system, MESSAGES - LATE).await;
    eventually("the late ones to be asked for again", LIMIT, || async {
        let standing = system.broker.connections(1, &BTreeSet::new()).await;
        system.broker.cut(&standing).await;
        let asked = gated.asked.load(Ordering::Relaxed);
        if asked >= MESSAGES + LATE { Ok(()) } else { Err(format!("{asked} were asked for")) }
    })
    .await;
    gated.gate.add_permits(MESSAGES);
    until_effects(&system, MESSAGES).await;
    stop(lifecycle).await;
    links.close().await;
    system.finish().await;
}
