//! Lists and finds failed jobs.

use super::{FailedJob, JobStatus};
use crate::store;
use crate::store::BadRow;
use domain::messages::Queue;
use sqlx::PgPool;
use uuid::Uuid;

/// Filter for the list; `None` matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedJobFilter {
    pub status: Option<JobStatus>,
    pub queue: Option<Queue>,
    pub fingerprint: Option<String>,
    pub order_id: Option<Uuid>,
    /// Only jobs first seen before the one with this id, the last of the previous page.
    pub before: Option<Uuid>,
}

/// Lists at most `limit` jobs, newest first.
pub async fn list_failed_jobs(pool: &PgPool, filter: &FailedJobFilter, limit: u32) -> Result<Vec<FailedJob>, BadRow> {
    store::failed_jobs::list(&mut *pool.acquire().await?, filter, limit).await
}

pub async fn find_failed_job(pool: &PgPool, id: Uuid) -> Result<Option<FailedJob>, BadRow> {
    store::failed_jobs::find(&mut *pool.acquire().await?, id).await
}
