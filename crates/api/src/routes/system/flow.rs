//! Checks whether accepted orders are being processed; `/system/health` reports the result next to the dependencies.

use super::CHECK_TIMEOUT;
use crate::state::AppState;
use messaging::broker::{BrokerError, QueueStatus};
use messaging::outbox;

/// Why accepted orders wait, as texts. Unavailable dependencies are reported elsewhere.
pub(super) async fn faults(state: &AppState) -> Vec<String> {
    let (outbox, queues) = tokio::join!(
        tokio::time::timeout(CHECK_TIMEOUT, unpublished_seconds(state)),
        tokio::time::timeout(CHECK_TIMEOUT, state.queue_inspector.queue_status()),
    );
    let outbox = outbox.ok().and_then(Result::ok).flatten();
    let queues = queues.ok().and_then(Result::<_, BrokerError>::ok).unwrap_or_default();
    let outbox =
        outbox.map(|seconds| format!("the outbox does not drain: its oldest message has waited {seconds:.0} s"));
    outbox.into_iter().chain(queues.iter().filter_map(missing_consumer)).collect()
}

async fn unpublished_seconds(state: &AppState) -> sqlx::Result<Option<f64>> {
    outbox::unpublished_seconds(&mut *platform::postgres::reader(&state.vital).await?).await
}

fn missing_consumer(queue: &QueueStatus) -> Option<String> {
    let (name, exists) = (&queue.name, queue.depth.is_some());
    let fault = if exists { format!("queue {name} has no consumer") } else { format!("queue {name} does not exist") };
    (!queue.has_consumers()).then_some(fault)
}
