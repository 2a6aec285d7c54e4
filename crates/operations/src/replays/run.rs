//! Drives replays: called by the scheduler every so often, sends what is due since it was last called.

use super::{Pace, ReplayFilter};
use crate::failed_jobs::{Decided, FailedJob, message_of};
use crate::store;
use crate::store::BadRow;
use domain::Timestamp;
use messaging::{Outgoing, RelayHandle, outbox};
use platform::telemetry::LogThrottle;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

static PAUSED: LogThrottle = LogThrottle::every(Duration::from_mins(1));

/// A running replay, locked.
pub(crate) struct Standing {
    pub id: Uuid,
    pub filter: ReplayFilter,
    pub pace: Pace,
    pub asked: Decided,
    pub after_job: Option<Uuid>,
    pub paced_at: Timestamp,
    /// What may be sent beside whole jobs, in thousandths.
    pub credit: u64,
}

/// How far a step has come.
pub(crate) struct Progress {
    pub replayed: usize,
    pub skipped: usize,
    pub after_job: Option<Uuid>,
    pub credit: u64,
    /// No job is left.
    pub is_over: bool,
}

/// A step of the replay that runs, if one does; answers how many jobs it took. Several may call it at once: one of them
/// takes it. While the outbox is not carried away nothing is added to it.
pub async fn run_replays(pool: &PgPool, relay: &RelayHandle, now: Timestamp) -> Result<usize, BadRow> {
    let mut tx = platform::postgres::begin(pool).await?;
    let Some(standing) = store::replays::lock_running(&mut tx).await? else { return Ok(0) };
    if outbox::is_stalled(&mut tx).await? {
        if PAUSED.is_due() {
            tracing::warn!(replay.id = %standing.id, "A replay pauses: the outbox is not carried away");
        }
        return Ok(0);
    }
    let (due, credit) = standing.due(now);
    let jobs = if due > 0 { store::failed_jobs::next_of(&mut tx, &standing, due).await? } else { Vec::new() };
    let (sent, messages) = sendable(&jobs);
    let progress = Progress {
        replayed: sent.len(),
        skipped: jobs.len() - sent.len(),
        after_job: jobs.last().map(|job| job.id).or(standing.after_job),
        credit,
        is_over: jobs.len() < due,
    };
    let parcel = outbox::append(&mut tx, messages, relay).await?;
    store::failed_jobs::replayed_by(&mut tx, &standing, &sent, now).await?;
    store::replays::save(&mut tx, standing.id, &progress, now).await?;
    tx.commit().await?;
    relay.publish(parcel);
    Ok(jobs.len())
}

impl Standing {
    /// Whole jobs that are due, and what is left of the credit.
    fn due(&self, now: Timestamp) -> (usize, u64) {
        let since = |moment: Timestamp| (moment - self.asked.at).to_std().unwrap_or(Duration::ZERO);
        let credit = self.credit + self.pace.due(since(self.paced_at), since(now));
        (usize::try_from(credit / 1_000).unwrap_or(usize::MAX), credit % 1_000)
    }
}

/// Those that can be sent again, and as what.
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
