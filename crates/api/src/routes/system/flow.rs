//! Whether orders that were taken go on: what `/system/health` says beside the dependencies.

use super::health::CHECK_LIMIT;
use crate::state::AppState;
use messaging::broker::{Attendance, BrokerError};
use messaging::outbox;

/// What orders wait for, in words. Dependencies that are away are not among them.
pub(super) async fn faults(state: &AppState) -> Vec<String> {
    let (outbox, queues) = tokio::join!(
        tokio::time::timeout(CHECK_LIMIT, undrained_seconds(state)),
        tokio::time::timeout(CHECK_LIMIT, state.probe.attendance()),
    );
    let outbox = outbox.ok().and_then(Result::ok).flatten();
    let queues = queues.ok().and_then(Result::<_, BrokerError>::ok).unwrap_or_default();
    let outbox =
        outbox.map(|seconds| format!("the outbox does not drain: its oldest message has waited {seconds:.0} s"));
    outbox.into_iter().chain(queues.iter().filter_map(unattended)).collect()
}

async fn undrained_seconds(state: &AppState) -> sqlx::Result<Option<f64>> {
    outbox::undrained_seconds(&mut *state.vital.acquire().await?).await
}

fn unattended(queue: &Attendance) -> Option<String> {
    let (name, exists) = (&queue.name, queue.depth.is_some());
    let fault = if exists { format!("queue {name} has no consumer") } else { format!("queue {name} does not exist") };
    (!queue.is_attended()).then_some(fault)
}
