//! `DELETE /auth/sessions/{id}`.

use crate::auth::Allowed;
use crate::change::Detached;
use crate::params::{Id, PathParam};
use crate::policy::ManageSelf;
use crate::problem::Problem;
use accounts::SessionId;
use axum::http::StatusCode;

/// End a session
///
/// Ends one of your sessions, also this one. Its access tokens are refused after at most five seconds, and its streams
/// end. Safe to repeat.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "auth",
    params(("id" = uuid::Uuid, Path, description = "The `id` of a session of `GET /auth/sessions`")),
    responses((status = 204, description = "Ended")), security(("access_token" = [])))]
pub async fn end_session(
    detached: Detached,
    Allowed { caller, .. }: Allowed<ManageSelf>,
    PathParam(Id(id)): PathParam<Id>,
) -> Result<StatusCode, Problem> {
    let (session, now) = (SessionId::from_uuid(id), platform::clock::now());
    detached.run(move |state| async move { state.accounts.end_session(caller.id, session, now).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
