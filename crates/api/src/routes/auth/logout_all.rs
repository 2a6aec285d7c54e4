//! `POST /auth/logout-all`.

use crate::auth::Allowed;
use crate::change::Detached;
use crate::policy::ManageSelf;
use crate::problem::Problem;
use axum::http::StatusCode;

/// Log out everywhere
///
/// Ends all your sessions, this one included. Their access tokens are refused after at most five seconds.
#[utoipa::path(post, path = "/auth/logout-all", tag = "auth",
    responses((status = 204, description = "Logged out")), security(("access_token" = [])))]
pub async fn log_out_everywhere(
    detached: Detached,
    Allowed { caller, .. }: Allowed<ManageSelf>,
) -> Result<StatusCode, Problem> {
    let now = platform::clock::now();
    detached.run(|state| async move { state.accounts.logout_all(caller.id, now).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
