//! Dead letters are kept, whatever becomes of their keeper.

use domain::messages::Queue;
use messaging::broker::BrokerConnections;
use messaging::dead_letters::{DeadLetter, DeadLetterSink, drain};
use messaging::topology::{Scope, dead_queue};
use operations::FailedJobs;
use platform::config::RabbitmqArgs;
use platform::lifecycle::Lifecycle;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use system_tests::{TestSystem, eventually};

const LETTERS: u64 = 20;
/// Nobody can keep it before the shelf is mended.
const HEAVY: &[u8] = b"too heavy for the shelf";
/// How often the database is away at first.
const ABSENCES: usize = 3;
const LIMIT: Duration = Duration::from_mins(1);

/// Is away at first, and then has a shelf that does not carry everything.
#[derive(Debug, Clone)]
struct Moody {
    jobs: FailedJobs,
    tries: Arc<AtomicUsize>,
    mended: Arc<AtomicBool>,
}

impl DeadLetterSink for Moody {
    async fn store(&self, letters: &[DeadLetter]) -> sqlx::Result<()> {
        if self.tries.fetch_add(1, Ordering::SeqCst) < ABSENCES {
            return Err(sqlx::Error::PoolTimedOut);
        }
        let heavy = letters.iter().any(|letter| letter.payload == HEAVY);
        if heavy && !self.mended.load(Ordering::SeqCst) {
            return Err(sqlx::Error::RowNotFound);
        }
        self.jobs.store(letters).await
    }
}

#[tokio::test]
async fn letters_are_held_while_their_keeper_is_away_and_one_that_cannot_be_kept_stops_no_other() {
    let mut system = TestSystem::of("dead_letters").workers(0).start().await;
    system.expect_failed_jobs(LETTERS + 1);
    let args = RabbitmqArgs { rabbitmq_url: system.broker.url.clone().into(), retry_delay_percent: 1 };
    let (links, lifecycle) = (BrokerConnections::new(&args, "dead letters test").expect("a url"), Lifecycle::default());
    links.publishing.channel(Scope::Queue(Queue::Shipping)).await.expect("the topology is declared");
    let dead = dead_queue(Queue::Shipping);
    for number in 0..LETTERS {
        system.broker.publish_raw(&dead, format!("letter {number}").as_bytes()).await;
    }
    system.broker.publish_raw(&dead, HEAVY).await;

    let jobs = FailedJobs::new(system.pool().clone());
    let moody = Moody { jobs, tries: Arc::default(), mended: Arc::default() };
    lifecycle.spawn(drain(Queue::Shipping, moody.clone(), links.clone(), lifecycle.clone()));
    eventually("the keeper to be asked in vain", LIMIT, || async {
        let tries = moody.tries.load(Ordering::SeqCst);
        if tries >= ABSENCES { Ok(()) } else { Err(format!("{tries} tries")) }
    })
    .await;
    assert_eq!(system.broker.depth(&dead).await, Ok(0), "given back, each round would count as a delivery");
    system.until_failed_jobs(LETTERS, LIMIT).await;
    moody.mended.store(true, Ordering::SeqCst);
    system.until_failed_jobs(LETTERS + 1, LIMIT).await;

    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    lifecycle.tasks.wait().await;
    links.close().await;
    system.finish().await;
}
