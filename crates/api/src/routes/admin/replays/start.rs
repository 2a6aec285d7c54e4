//! `POST /admin/replays`.

use super::replay::ReplayBody;
use crate::body::{Field, FromJson, Members, one_of, text};
use crate::change::{Audited, Detached};
use crate::docs::sets::QueueSet;
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::policy::ManageFailedJobs;
use crate::problem::{Kind, Problem};
use crate::routes::reason;
use crate::state::AppState;
use axum::http::StatusCode;
use operations::Justification;
use operations::replays::{NewReplay, RateRamp, Replay, ReplayFilter, start_replay as start};
use utoipa::ToSchema;

const RATE_DEFAULT: i64 = 10;
const RAMP_SECONDS_DEFAULT: i64 = 30;

/// The jobs to replay, by queue, fingerprint or both, and the rate.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the schema of `ReplayRequest` in the OpenAPI description")]
pub struct NewReplayBody {
    /// Only jobs of this queue.
    #[schema(value_type = Option<QueueSet>, inline)]
    queue: Option<String>,
    /// Only jobs with this fingerprint.
    #[schema(example = "9f86d081884c")]
    fingerprint: Option<String>,
    /// Jobs per second, 1 to 200; default 10.
    #[schema(example = 10)]
    rate_per_s: Option<i64>,
    /// Ramp-up time in seconds, from 0 to the full rate; 0 to 600, default 30.
    #[schema(example = 30)]
    ramp_s: Option<i64>,
    #[schema(max_length = 200, example = "fixed in release 2026.48")]
    reason: String,
}

#[derive(Debug)]
pub struct ReplayRequest {
    filter: ReplayFilter,
    rate_ramp: RateRamp,
    reason: String,
}

impl FromJson for ReplayRequest {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let queue = members.optional("queue", one_of);
        let fingerprint = members.optional("fingerprint", text);
        let rate = |field: Field<'_>| field.integer_as(|rate| RateRamp::new(rate, 0).map(|_| rate));
        let ramp = |field: Field<'_>| field.integer_as(|ramp| RateRamp::new(1, ramp).map(|_| ramp));
        let (rate, ramp) = (members.optional("rate_per_s", rate), members.optional("ramp_s", ramp));
        let reason = members.required("reason", |field| field.text_as(|text| reason::parse(&text)));
        let rate_ramp = RateRamp::new(rate?.unwrap_or(RATE_DEFAULT), ramp?.unwrap_or(RAMP_SECONDS_DEFAULT)).ok()?;
        let Some(filter) = ReplayFilter::new(queue?, fingerprint?) else {
            return members.refuse("`queue` or `fingerprint` is required: all failed jobs at once can't be replayed");
        };
        Some(Self { filter, rate_ramp, reason: reason? })
    }
}

/// Replay many failed jobs
///
/// All matching open jobs are published again at the given rate, once each, to the queue in which they failed. Follow
/// the progress at `Location`. A job that fails again is open again. Only one replay runs at a time.
#[utoipa::path(post, path = "/admin/replays", tag = "admin", params(KeyParam), request_body = NewReplayBody,
    responses((status = 202, description = "The replay has started", body = ReplayBody,
        headers(("Location" = String, description = "Where to follow the replay")))),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn start_replay(
    detached: Detached,
    by: Audited<ManageFailedJobs>,
    IdempotentJson { body: ReplayRequest { filter, rate_ramp, reason }, idempotency }: IdempotentJson<ReplayRequest>,
) -> Result<IdempotentResponse, Problem> {
    let new =
        NewReplay { filter, rate_ramp, justification: Justification { by: by.caller.actor(), reason, at: by.at } };
    let work = |state: AppState, recorder| async move { start(&state.pool, new, &recorder).await };
    detached.run_once(by, idempotency, respond, work).await
}

fn respond(replay: &Replay) -> IdempotentResponse {
    let location = format!("/api/v1/admin/replays/{}", replay.id);
    IdempotentResponse::json(StatusCode::ACCEPTED, &ReplayBody::from(replay.clone())).with_location(location)
}
