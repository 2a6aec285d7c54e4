//! Failed jobs as people look for them.

use super::{FailedJob, JobStatus};
use crate::store;
use crate::store::BadRow;
use domain::messages::Queue;
use sqlx::PgPool;
use uuid::Uuid;

/// Which jobs are wanted: what is none, is of no concern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedJobFilter {
    pub status: Option<JobStatus>,
    pub queue: Option<Queue>,
    pub fingerprint: Option<String>,
    pub order_id: Option<Uuid>,
    /// Only those that were first seen before this one: where the page before ended.
    pub before: Option<Uuid>,
}

/// At most `limit` jobs, the newest first.
pub async fn list_failed_jobs(pool: &PgPool, filter: &FailedJobFilter, limit: u32) -> Result<Vec<FailedJob>, BadRow> {
    store::failed_jobs::list(&mut *pool.acquire().await?, filter, limit).await
}

pub async fn find_failed_job(pool: &PgPool, id: Uuid) -> Result<Option<FailedJob>, BadRow> {
    store::failed_jobs::find(&mut *pool.acquire().await?, id).await
}
