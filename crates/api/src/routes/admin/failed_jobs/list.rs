//! `GET /admin/failed-jobs`.

use super::job::FailedJobBody;
use crate::auth::Allowed;
use crate::docs::sets::{JobStatusSet, QueueSet};
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeFailedJobs;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::page::PageSize;
use operations::failed_jobs::{FailedJobFilter, list_failed_jobs as list};

#[derive(Debug)]
pub struct FailedJobQuery {
    filter: FailedJobFilter,
    limit: PageSize,
}

impl FromQuery for FailedJobQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let status = params.one_of("status");
        let queue = params.one_of("queue");
        let fingerprint = params.text("fingerprint");
        let order_id = params.optional("order_id");
        let before = params.cursor();
        let limit = params.limit();
        let (status, queue, fingerprint, order_id) = (status?, queue?, fingerprint?, order_id?);
        Some(Self { filter: FailedJobFilter { status, queue, fingerprint, order_id, before: before? }, limit: limit? })
    }
}

/// List failed jobs
///
/// Messages that could not be handled, newest first. Failures with the same cause have the same `fingerprint`.
#[utoipa::path(get, path = "/admin/failed-jobs", tag = "admin",
    params(("status" = inline(Option<JobStatusSet>), Query, description = "Filter by status", example = "open"),
        ("queue" = inline(Option<QueueSet>), Query, description = "Filter by queue"),
        ("fingerprint" = Option<String>, Query, description = "Filter by fingerprint"),
        ("order_id" = Option<uuid::Uuid>, Query, description = "Filter by order"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of failed jobs", body = Page<FailedJobBody>)), security(("access_token" = [])))]
pub async fn list_failed_jobs(
    State(state): State<AppState>,
    _allowed: Allowed<SeeFailedJobs>,
    Query(query): Query<FailedJobQuery>,
) -> Result<Json<Page<FailedJobBody>>, Problem> {
    let jobs = list(state.lists.current(), &query.filter, query.limit.rows_max()).await?;
    Ok(Json(query.limit.cut(jobs, |job| job.id).into()))
}
