//! Runs replays: called periodically by the scheduler, it publishes the jobs that are due since the previous call.

use crate::failed_jobs::message_of;
use crate::model::failed_jobs::FailedJob;
use crate::model::replays::{Progress, RunningReplay};
use crate::store;
use crate::store::StoreError;
use domain::Timestamp;
use messaging::{NoChanges, Outgoing, UnitOfWork, WriteContext, outbox};
use platform::telemetry::LogThrottle;
use std::time::Duration;
use uuid::Uuid;

static PAUSED: LogThrottle = LogThrottle::every(Duration::from_mins(1));

/// Continues the running replay, if there is one, and returns the number of jobs that were processed. Of concurrent
/// calls only one does so: it locks the replay. While the outbox is stalled nothing is added to it.
pub async fn run_replays(context: &WriteContext, now: Timestamp) -> Result<usize, StoreError> {
    let mut work = UnitOfWork::begin(context).await?;
    let Some(running) = store::replays::lock_running(&mut work).await? else { return Ok(0) };
    if outbox::is_stalled(&mut work).await? {
        if PAUSED.is_due() {
            tracing::warn!(replay.id = %running.id, "A replay pauses: the outbox is stalled");
        }
        return Ok(0);
    }
    let (due, credit) = running.due(now);
    let jobs = if due > 0 { store::failed_jobs::lock_next(&mut work, &running, due).await? } else { Vec::new() };
    let (sent, messages) = sendable(&jobs);
    let progress = Progress {
        replayed: sent.len(),
        skipped: jobs.len() - sent.len(),
        after_job: jobs.last().map(|job| job.id).or(running.after_job),
        credit,
        is_done: jobs.len() < due,
    };
    work.send(messages);
    store::failed_jobs::mark_replayed(&mut work, &running, &sent, now).await?;
    store::replays::save(&mut work, running.id, &progress, now).await?;
    work.commit(NoChanges, now).await?;
    Ok(jobs.len())
}

impl RunningReplay {
    /// The number of jobs that are due, and the credit that is left.
    fn due(&self, now: Timestamp) -> (usize, u64) {
        let since = |moment: Timestamp| (moment - self.requested.at).to_std().unwrap_or(Duration::ZERO);
        let credit = self.credit + self.rate_ramp.due(since(self.credited_at), since(now));
        (usize::try_from(credit / 1_000).unwrap_or(usize::MAX), credit % 1_000)
    }
}

/// The jobs that can be replayed, and their messages.
fn sendable(jobs: &[FailedJob]) -> (Vec<Uuid>, Vec<Outgoing>) {
    let sendable = |job: &FailedJob| match message_of(job) {
        Ok(message) => Some((job.id, message)),
        Err(error) => {
            tracing::warn!(%error, job.id = %job.id, "A failed job is not replayed: {error}");
            None
        }
    };
    jobs.iter().filter_map(sendable).unzip()
}
