//! Committer tasks: each receives the orders that wait in the queue, as one batch, and stores them.

use super::batch::{BatchContext, store_batch};
use super::in_flight::KeyGuard;
use super::queue::{Queue, Request};
use crate::error::PlaceOrderError;
use crate::metrics;
use crate::new_order::NewOrder;
use futures::FutureExt as _;
use platform::lifecycle::Lifecycle;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A request that has waited longer is refused: the database is slow or unavailable, the client has probably given up,
/// and newer requests should be served first.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long orders are still accepted after the process began to stop, while an [`super::Intake`] exists: the api may
/// have accepted their requests before.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

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
    let mut grace_ended = std::pin::pin!(shutdown_grace(stopping).fuse());
    loop {
        let mut batch = Vec::with_capacity(batch_max);
        let mut receiver = Arc::clone(&queue).lock_owned().await;
        tokio::select! {
            biased;
            _received = receiver.recv_many(&mut batch, batch_max) => if batch.is_empty() { return },
            () = &mut grace_ended => receiver.close(),
        }
        metrics::INTAKE_WAITING.sub(i64::try_from(batch.len()).unwrap_or_default());
        let batch = without_stale_requests(batch);
        if batch.is_empty() {
            continue;
        }
        let (orders, started_at) = (batch.len(), Instant::now());
        // A panic must not end the committer: the requests of this batch fail, those of the next batches must not.
        if AssertUnwindSafe(store_batch(&context, batch, receiver)).catch_unwind().await.is_err() {
            tracing::error!("Storing a batch of orders panicked");
        }
        report(orders, started_at.elapsed());
    }
}

fn report(orders: usize, duration: Duration) {
    metrics::record_intake_batch(orders, duration);
    tracing::info!(orders, duration_ms = platform::telemetry::milliseconds(duration), "Stored a batch of orders");
}

async fn shutdown_grace(stopping: CancellationToken) {
    stopping.cancelled().await;
    tokio::time::sleep(SHUTDOWN_GRACE).await;
}

/// Leaves out requests whose clients have disconnected, and refuses requests that have waited too long.
fn without_stale_requests(received: Vec<Request>) -> Vec<(NewOrder, KeyGuard)> {
    let mut batch = Vec::with_capacity(received.len());
    for mut request in received {
        if request.key_guard.release_if_abandoned() {
            continue;
        }
        if request.enqueued_at.elapsed() < WAIT_MAX {
            batch.push((request.new_order, request.key_guard));
        } else {
            metrics::record_intake_outcome(Err(PlaceOrderError::Unavailable));
            request.complete(Err(PlaceOrderError::Unavailable));
        }
    }
    batch
}
