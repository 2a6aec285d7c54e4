//! The response body of a replay.

use crate::docs::sets::{QueueSet, ReplayStatusSet};
use chrono::{DateTime, Utc};
use operations::replays::Replay;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayBody {
    id: Uuid,
    #[schema(value_type = ReplayStatusSet, inline)]
    status: &'static str,
    /// Only jobs of this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<QueueSet>, inline)]
    queue: Option<&'static str>,
    /// Only jobs with this fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "9f86d081884c")]
    fingerprint: Option<String>,
    /// Jobs per second after the ramp.
    #[schema(example = 10)]
    rate_per_s: u32,
    /// Ramp-up time in seconds, from 0 to the full rate.
    #[schema(example = 30)]
    ramp_s: u32,
    /// Open jobs when the replay was started.
    #[schema(example = 500)]
    total: i64,
    #[schema(example = 170)]
    replayed: i64,
    /// Jobs that can't be replayed: not text, or replayed too often. They stay open.
    #[schema(example = 0)]
    skipped: i64,
    /// Replayed jobs that failed again.
    #[schema(example = 0)]
    failed_again: i64,
    requested_at: DateTime<Utc>,
    #[schema(example = "admin:0190a1b2-0000-7000-8000-000000000001")]
    requested_by: String,
    #[schema(example = "fixed in release 2026.48")]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
}

impl From<Replay> for ReplayBody {
    fn from(replay: Replay) -> Self {
        Self {
            id: replay.id,
            status: replay.status.into(),
            queue: replay.filter.queue().map(Into::into),
            fingerprint: replay.filter.fingerprint().map(ToOwned::to_owned),
            rate_per_s: replay.rate_ramp.rate_per_s(),
            ramp_s: replay.rate_ramp.ramp_s(),
            total: replay.total,
            replayed: replay.replayed,
            skipped: replay.skipped,
            failed_again: replay.failed_again,
            requested_at: replay.requested_at,
            requested_by: replay.requested_by,
            reason: replay.reason,
            ended_at: replay.ended_at,
        }
    }
}
