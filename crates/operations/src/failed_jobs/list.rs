//! Lists and finds failed jobs.

use crate::model::failed_jobs::{FailedJob, FailedJobFilter};
use crate::store;
use crate::store::StoreError;
use sqlx::PgPool;
use uuid::Uuid;

/// Lists at most `limit` jobs, newest first.
pub async fn list_failed_jobs(
    pool: &PgPool,
    filter: &FailedJobFilter,
    limit: u32,
) -> Result<Vec<FailedJob>, StoreError> {
    store::failed_jobs::list(&mut *platform::postgres::reader(pool).await?, filter, limit).await
}

pub async fn find_failed_job(pool: &PgPool, id: Uuid) -> Result<Option<FailedJob>, StoreError> {
    store::failed_jobs::find(&mut *platform::postgres::reader(pool).await?, id).await
}
