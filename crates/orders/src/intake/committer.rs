//! Takes what waits, and sees to it that everybody is answered.

use super::batch::{self, BatchContext};
use super::in_flight::Claim;
use super::{Accepted, NewOrder};
use crate::error::PlaceOrderError;
use crate::metrics;
use futures::FutureExt as _;
use platform::lifecycle::Lifecycle;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Who has waited longer than this would be answered too late to care: the database is slow or away, and orders that
/// came since deserve the turn.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long orders are still taken after a stop was asked for, while somebody holds an [`super::Intake`]: requests
/// that the api had accepted when it was told to stop.
const LINGER_MAX: Duration = Duration::from_secs(5);

/// An order on its way to a committer.
#[derive(Debug)]
pub(super) struct Request {
    new: NewOrder,
    claim: Claim,
    came_at: Instant,
}

/// All committers take from one queue.
type Queue = Arc<Mutex<mpsc::Receiver<Request>>>;

/// Whose turn it is, takes and stores; it ends with the commit's begin. So while one batch goes to disk the next one is
/// being stored, and no two make each other smaller.
pub(super) type Turn = OwnedMutexGuard<mpsc::Receiver<Request>>;

pub(super) fn start(context: &BatchContext, lifecycle: &Lifecycle) -> mpsc::Sender<Request> {
    let (sender, receiver) = mpsc::channel(usize::from(context.limits.intake_queue_max));
    let queue: Queue = Arc::new(Mutex::new(receiver));
    for _committer in 0..context.limits.intake_committers {
        lifecycle.spawn(run(context.clone(), Arc::clone(&queue), lifecycle.stopping.clone()));
    }
    sender
}

async fn run(context: BatchContext, queue: Queue, stopping: CancellationToken) {
    let batch_max = usize::from(context.limits.intake_batch_max);
    let mut lingered = std::pin::pin!(linger(stopping).fuse());
    loop {
        let mut batch = Vec::with_capacity(batch_max);
        let mut turn = Arc::clone(&queue).lock_owned().await;
        tokio::select! {
            biased;
            _taken = turn.recv_many(&mut batch, batch_max) => if batch.is_empty() { return },
            () = &mut lingered => turn.close(),
        }
        metrics::INTAKE_WAITING.sub(i64::try_from(batch.len()).unwrap_or_default());
        let batch = worth_storing(batch);
        if batch.is_empty() {
            continue;
        }
        let (orders, began) = (batch.len(), Instant::now());
        context.stats.batch(orders);
        // A panic must not end the committer: those in the batch learn that there is no answer, the next ones get one.
        if AssertUnwindSafe(batch::store(&context, batch, turn)).catch_unwind().await.is_err() {
            tracing::error!("Storing a batch of orders panicked");
        }
        report(orders, began.elapsed());
    }
}

fn report(orders: usize, took: Duration) {
    metrics::intake_stored(orders, took);
    tracing::info!(orders, duration_ms = platform::telemetry::milliseconds(took), "Stored a batch of orders");
}

async fn linger(stopping: CancellationToken) {
    stopping.cancelled().await;
    tokio::time::sleep(LINGER_MAX).await;
}

/// Leaves out whom nobody waits for any more, and who has waited too long.
fn worth_storing(taken: Vec<Request>) -> Vec<(NewOrder, Claim)> {
    let mut batch = Vec::with_capacity(taken.len());
    for mut request in taken {
        if request.claim.let_go_if_abandoned() {
            continue;
        }
        if request.came_at.elapsed() < WAIT_MAX {
            batch.push((request.new, request.claim));
        } else {
            metrics::intake_answered(Err(PlaceOrderError::Unavailable));
            request.settle(Err(PlaceOrderError::Unavailable));
        }
    }
    batch
}

impl Request {
    pub fn new(new: NewOrder, claim: Claim) -> Self {
        Self { new, claim, came_at: Instant::now() }
    }

    pub fn settle(self, answer: Result<Accepted, PlaceOrderError>) {
        self.claim.settle(answer);
    }
}
