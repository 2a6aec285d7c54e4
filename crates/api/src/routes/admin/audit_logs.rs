//! `GET /admin/audit-logs`.

use crate::auth::Allowed;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::ReadAuditLog;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::page::PageSize;
use operations::audit::{AuditEntry, AuditFilter, list_audit_log};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Debug)]
pub struct AuditQuery {
    filter: AuditFilter,
    limit: PageSize,
}

impl FromQuery for AuditQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let actor = params.text("actor");
        let action = params.text("action");
        let subject = params.text("subject");
        let before = params.cursor();
        let limit = params.limit();
        let filter = AuditFilter { actor: actor?, action: action?, subject: subject?, before: before? };
        Some(Self { filter, limit: limit? })
    }
}

/// A change made by a user.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntryBody {
    #[schema(example = 4711)]
    id: i64,
    at: DateTime<Utc>,
    #[schema(example = "admin:0190a1b2-0000-7000-8000-000000000001")]
    actor: String,
    #[schema(example = "product.update")]
    action: String,
    #[schema(example = "product:SKU-HEADPHONES")]
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    /// The `x-request-id` of the request that made the change.
    #[schema(example = "0190a1b2-0000-7000-8000-00000000000a")]
    request_id: String,
}

/// Read the audit log
///
/// Every change made by a user, newest first: roles, products, stock, warehouses, carrier reports, cancellations,
/// decisions on failed jobs.
#[utoipa::path(get, path = "/admin/audit-logs", tag = "admin",
    params(("actor" = Option<String>, Query, description = "Filter by actor: `admin:<id>`, `vendor:<id>` or `customer:<id>`"),
        ("action" = Option<String>, Query, description = "Filter by action", example = "product.update"),
        ("subject" = Option<String>, Query, description = "Filter by what was changed", example = "product:SKU-HEADPHONES"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of the audit log", body = Page<AuditEntryBody>)), security(("access_token" = [])))]
pub async fn list_audit_logs(
    State(state): State<AppState>,
    _allowed: Allowed<ReadAuditLog>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditEntryBody>>, Problem> {
    let entries = list_audit_log(state.lists.current(), &query.filter, query.limit.rows_max()).await?;
    Ok(Json(query.limit.cut(entries, |entry| entry.id).into()))
}

impl From<AuditEntry> for AuditEntryBody {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, action, subject, reason, before, after, request_id } = entry;
        Self { id, at, actor, action, subject, reason, before, after, request_id }
    }
}
