//! Dead letters are stored, even when storing them fails for a while.

use domain::messages::Queue;
use messaging::broker::BrokerConnections;
use messaging::dead_letters::{DeadLetter, DeadLetterSink, drain};
use messaging::topology::{Scope, dead_queue};
use operations::FailedJobs;
use platform::config::{MessageSigningArgs, RabbitmqArgs};
use platform::lifecycle::Lifecycle;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use system_tests::{TestSystem, eventually};

const LETTERS: u64 = 20;
/// The payload of a dead letter that can't be stored before the sink is repaired.
const UNSTORABLE: &[u8] = b"can not be stored";
/// How many calls fail at first as if the database were unavailable.
const FAILURES: usize = 3;
const LIMIT: Duration = Duration::from_mins(1);

/// Fails [`FAILURES`] times, and then fails on [`UNSTORABLE`] until it is repaired.
#[derive(Debug, Clone)]
struct FlakySink {
    jobs: FailedJobs,
    calls: Arc<AtomicUsize>,
    repaired: Arc<AtomicBool>,
}

impl DeadLetterSink for FlakySink {
    async fn store(&self, letters: &[DeadLetter]) -> sqlx::Result<()> {
        if self.calls.fetch_add(1, Ordering::SeqCst) < FAILURES {
            return Err(sqlx::Error::PoolTimedOut);
        }
        let unstorable = letters.iter().any(|letter| letter.payload == UNSTORABLE);
        if unstorable && !self.repaired.load(Ordering::SeqCst) {
            return Err(sqlx::Error::RowNotFound);
        }
        self.jobs.store(letters).await
    }
}

#[tokio::test]
async fn dead_letters_are_kept_while_the_sink_fails_and_one_that_cannot_be_stored_blocks_no_other() {
    let mut system = TestSystem::of("dead_letters").workers(0).start().await;
    system.expect_failed_jobs(LETTERS + 1);
    let args = RabbitmqArgs {
        rabbitmq_url: system.broker.url.clone().into(),
        retry_delay_percent: 1,
        rabbitmq_ca_file: None,
        signing: MessageSigningArgs::default(),
    };
    let connections = BrokerConnections::new(&args, "dead letters test").expect("a url");
    let lifecycle = Lifecycle::default();
    connections.publishing.channel(Scope::Queue(Queue::Shipping)).await.expect("the topology is declared");
    let dead = dead_queue(Queue::Shipping);
    for number in 0..LETTERS {
        system.broker.publish_raw(&dead, format!("letter {number}").as_bytes()).await;
    }
    system.broker.publish_raw(&dead, UNSTORABLE).await;

    let jobs = FailedJobs::new(system.pool().clone());
    let sink = FlakySink { jobs, calls: Arc::default(), repaired: Arc::default() };
    lifecycle.spawn(drain(Queue::Shipping, sink.clone(), connections.clone(), lifecycle.clone()));
    eventually("the sink to have failed", LIMIT, || async {
        let calls = sink.calls.load(Ordering::SeqCst);
        if calls >= FAILURES { Ok(()) } else { Err(format!("{calls} calls")) }
    })
    .await;
    // Requeueing them would count a delivery each time, until the broker drops them.
    assert_eq!(system.broker.depth(&dead).await, Ok(0), "the dead letters must not be requeued");
    system.until_failed_jobs(LETTERS, LIMIT).await;
    sink.repaired.store(true, Ordering::SeqCst);
    system.until_failed_jobs(LETTERS + 1, LIMIT).await;

    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    lifecycle.tasks.wait().await;
    connections.close().await;
    system.finish().await;
}
