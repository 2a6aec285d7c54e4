//! `POST /auth/logout`.

use super::session::RefreshTokenBody;
use crate::body::Json;
use crate::change::Detached;
use crate::problem::Problem;
use axum::http::StatusCode;

/// Log out
///
/// Ends the session of the refresh token: its access tokens are refused after at most five seconds.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", request_body = RefreshTokenBody,
    responses((status = 204, description = "Logged out")), security(()))]
pub async fn log_out(detached: Detached, Json(body): Json<RefreshTokenBody>) -> Result<StatusCode, Problem> {
    let now = platform::clock::now();
    detached.run(|state| async move { state.accounts.logout(&body.refresh_token, now).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
