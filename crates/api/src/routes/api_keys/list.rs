//! `GET /api-keys`.

use super::key::ApiKeyBody;
use crate::auth::Allowed;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::ManageKeys;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use accounts::Role;
use axum::Json;
use axum::extract::State;
use domain::ids::UserId;

#[derive(Debug)]
pub struct KeysQuery {
    owner: Option<UserId>,
}

impl FromQuery for KeysQuery {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { owner: params.optional("owner_id")? })
    }
}

/// List API keys
///
/// Yours, the newest first, revoked and expired ones included, at most 100, on one page. Admins and support can list
/// those of another user.
#[utoipa::path(get, path = "/api-keys", tag = "auth",
    params(("owner_id" = Option<uuid::Uuid>, Query, description = "Another user; for admins and support")),
    responses((status = 200, description = "The keys", body = Page<ApiKeyBody>)), security(("access_token" = [])))]
pub async fn list_keys(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<ManageKeys>,
    Query(query): Query<KeysQuery>,
) -> Result<Json<Page<ApiKeyBody>>, Problem> {
    let owner = query.owner.unwrap_or(caller.id);
    if owner != caller.id && !matches!(caller.role, Role::Admin | Role::Support) {
        let detail = "`owner_id` must be your own id, or be left out: only admins and support see keys of others";
        return Err(Problem::about_parameter(Kind::Forbidden, "owner_id", detail));
    }
    let keys = state.accounts.list_keys(owner).await?;
    Ok(Json(Page::complete(keys.into_iter().map(ApiKeyBody::from))))
}
