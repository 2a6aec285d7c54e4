//! `GET /admin/failed-jobs`.

use super::job::FailedJobBody;
use crate::auth::Allowed;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeFailedJobs;
use crate::problem::Problem;
use crate::problem::text::one_of;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::messages::Queue;
use domain::page::PageSize;
use operations::failed_jobs::{FailedJobFilter, list_failed_jobs as list};
use strum::VariantNames as _;

#[derive(Debug)]
pub struct FailedJobQuery {
    filter: FailedJobFilter,
    limit: PageSize,
}

impl FromQuery for FailedJobQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let status = params.one_of("status");
        let queue = params.one_of("queue");
        let fingerprint = params.optional("fingerprint");
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
    params(("status" = Option<String>, Query, description = "Filter by status: `open`, `replayed` or `discarded`", example = "open"),
        ("queue" = Option<String>, Query, description = format!("Filter by queue: {}", one_of(Queue::VARIANTS))),
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
