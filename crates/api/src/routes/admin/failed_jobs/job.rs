//! Response bodies of failed jobs.

use crate::docs::sets::{JobStatusSet, QueueSet};
use crate::idempotency::IdempotentResponse;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use operations::failed_jobs::FailedJob;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct FailedJobBody {
    id: Uuid,
    #[schema(value_type = JobStatusSet, inline)]
    status: &'static str,
    /// The queue in which the message failed.
    #[schema(value_type = QueueSet, inline)]
    queue: String,
    message_id: Uuid,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    #[schema(example = "inventory.reserve.v1")]
    type_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    /// The error of the last failure.
    #[schema(example = "undecodable: expected value at line 1 column 1")]
    error: String,
    /// Failures with the same cause have the same fingerprint.
    #[schema(example = "9f86d081884c")]
    fingerprint: String,
    /// Total number of attempts.
    #[schema(example = 6)]
    attempts: i32,
    /// How often the message was dead-lettered.
    #[schema(example = 1)]
    dead_letter_count: i32,
    /// How often the message was replayed.
    #[schema(example = 0)]
    replays: i32,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionBody>,
}

/// The latest decision.
#[derive(Debug, Serialize, ToSchema)]
struct DecisionBody {
    at: DateTime<Utc>,
    #[schema(example = "admin:0190a1b2-0000-7000-8000-000000000001")]
    by: String,
    #[schema(example = "fixed in release 2026.48")]
    reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FailedJobDetailBody {
    job: FailedJobBody,
    /// The message: as JSON if it is JSON, else as text; bytes that are not UTF-8 are shown as U+FFFD.
    #[schema(value_type = Value)]
    payload: Value,
    /// The AMQP headers of the failed delivery.
    #[schema(value_type = Value)]
    headers: Value,
}

impl From<FailedJob> for FailedJobBody {
    fn from(job: FailedJob) -> Self {
        let decision = job.decided_at.zip(job.decided_by).zip(job.reason);
        Self {
            id: job.id,
            status: job.status.into(),
            queue: job.queue,
            message_id: job.message_id.as_uuid(),
            type_name: job.type_name,
            order_id: job.order_id.map(|order| order.as_uuid()),
            correlation_id: job.correlation_id,
            error: job.error,
            fingerprint: job.fingerprint,
            attempts: job.attempts,
            dead_letter_count: job.dead_letter_count,
            replays: job.replays,
            first_seen_at: job.first_seen_at,
            last_seen_at: job.last_seen_at,
            decision: decision.map(|((at, by), reason)| DecisionBody { at, by, reason }),
        }
    }
}

impl From<FailedJob> for FailedJobDetailBody {
    fn from(job: FailedJob) -> Self {
        let text = || Value::String(String::from_utf8_lossy(&job.payload).into_owned());
        let payload = serde_json::from_slice(&job.payload).unwrap_or_else(|_no_json| text());
        Self { payload, headers: job.headers.clone(), job: job.into() }
    }
}

/// The response to a decision.
pub fn respond(job: &FailedJob) -> IdempotentResponse {
    IdempotentResponse::json(StatusCode::OK, &FailedJobBody::from(job.clone()))
}
