//! `DELETE /api-keys/{id}`.

use super::manager;
use crate::change::{Audited, Detached};
use crate::params::PathParam;
use crate::policy::ManageKeys;
use crate::problem::Problem;
use crate::state::AppState;
use accounts::ApiKeyId;
use axum::http::StatusCode;

/// Revoke an API key
///
/// It is refused after at most five seconds, and its streams end. Safe to repeat.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "auth",
    params(("id" = uuid::Uuid, Path, description = "The key's id")),
    responses((status = 204, description = "Revoked")), security(("access_token" = [])))]
pub async fn revoke_key(
    detached: Detached,
    by: Audited<ManageKeys>,
    PathParam(id): PathParam<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    let work =
        |state: AppState| async move { state.accounts.revoke_key(id, manager(by.caller), by.at, &by.auditor()).await };
    detached.run(work).await?;
    Ok(StatusCode::NO_CONTENT)
}
