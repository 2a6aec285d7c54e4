//! `GET /auth/sessions`.

use crate::auth::Allowed;
use crate::page::Page;
use crate::policy::ManageSelf;
use crate::problem::Problem;
use crate::state::AppState;
use accounts::{Principal, SessionView};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A login of yours that can still be refreshed.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionItemBody {
    id: Uuid,
    /// Whether this request belongs to it.
    #[schema(example = true)]
    current: bool,
    /// The address of the last login or refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "192.0.2.17")]
    client_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "curl/8.5.0")]
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    /// When tokens were issued last.
    last_used_at: DateTime<Utc>,
}

/// List your sessions
///
/// The newest first, at most 100, on one page.
#[utoipa::path(get, path = "/auth/sessions", tag = "auth",
    responses((status = 200, description = "Your open sessions", body = Page<SessionItemBody>)),
    security(("access_token" = [])))]
pub async fn list_sessions(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<ManageSelf>,
) -> Result<Json<Page<SessionItemBody>>, Problem> {
    let sessions = state.accounts.list_sessions(caller.id, platform::clock::now()).await?;
    Ok(Json(Page::complete(sessions.into_iter().map(|session| item(session, caller.principal)))))
}

fn item(session: SessionView, caller: Principal) -> SessionItemBody {
    let SessionView { id, client_address, user_agent, created_at, last_used_at } = session;
    let current = caller.session == Some(id);
    SessionItemBody { id: id.as_uuid(), current, client_address, user_agent, created_at, last_used_at }
}
