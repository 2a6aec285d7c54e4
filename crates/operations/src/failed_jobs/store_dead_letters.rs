//! Stores dead letters as failed jobs.

use super::fingerprint::fingerprint;
use crate::model::failed_jobs::NewJob;
use crate::store;
use messaging::dead_letters::{DeadLetter, DeadLetterSink};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

/// The sink for dead letters.
#[derive(Debug, Clone)]
pub struct FailedJobs {
    pool: PgPool,
}

impl FailedJobs {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

impl DeadLetterSink for FailedJobs {
    async fn store(&self, dead_letters: &[DeadLetter]) -> sqlx::Result<()> {
        let jobs = deduplicate(dead_letters.iter().map(NewJob::of).collect());
        let mut tx = platform::postgres::begin(&self.pool).await?;
        store::failed_jobs::upsert(&mut tx, &jobs, platform::clock::now()).await?;
        tx.commit().await
    }
}

impl NewJob {
    fn of(dead_letter: &DeadLetter) -> Self {
        let (queue, type_name) = (dead_letter.queue.to_string(), storable(&dead_letter.type_name));
        let error = storable(&dead_letter.error);
        Self {
            id: Uuid::now_v7(),
            message_id: dead_letter.message_id.as_uuid(),
            payload_digest: Sha256::digest(&dead_letter.payload).to_vec(),
            order_id: dead_letter.header.as_ref().map(|header| header.subject.as_uuid()),
            correlation_id: dead_letter.header.as_ref().map(|header| storable(&header.trace.correlation_id)),
            payload: dead_letter.payload.clone(),
            headers: storable_json(dead_letter.headers.clone()),
            fingerprint: fingerprint(&queue, &type_name, &error),
            attempts: i32::try_from(dead_letter.attempts).unwrap_or(i32::MAX),
            queue,
            type_name,
            error,
        }
    }
}

/// Keeps one job per conflict key: a single `INSERT ... ON CONFLICT DO UPDATE` can't affect a row twice. A message that
/// was delivered twice in one batch is the same dead letter.
fn deduplicate(mut jobs: Vec<NewJob>) -> Vec<NewJob> {
    let key = |job: &NewJob| (job.queue.clone(), job.message_id, job.payload_digest.clone());
    jobs.sort_by_key(key);
    jobs.dedup_by_key(|job| key(job));
    jobs
}

/// Replaces NUL, which a message can contain but a text in Postgres can't.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn storable_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(&text)),
        Value::Array(values) => values.into_iter().map(storable_json).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (storable(&name), storable_json(value))).collect()
        }
        plain => plain,
    }
}
