//! `POST /auth/refresh`.

use super::session::{RefreshTokenBody, SessionBody};
use crate::body::Json;
use crate::change::Detached;
use crate::client_address::RequestClient;
use crate::problem::{Kind, Problem};
use crate::state::AppState;

/// Exchange a refresh token for new tokens
///
/// A refresh token can be used once. A second use revokes all tokens of the same login. Exception: within 60 seconds
/// the first response may have been lost, so a second use gets the new tokens once more, and further ones get 409.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", request_body = RefreshTokenBody,
    responses((status = 200, description = "New tokens", body = SessionBody)),
    extensions(("x-problems" = json!([
        Kind::InvalidRefreshToken, Kind::RefreshTokenReused, Kind::RefreshInProgress
    ]))), security(()))]
pub async fn refresh(
    detached: Detached,
    RequestClient(client): RequestClient,
    Json(body): Json<RefreshTokenBody>,
) -> Result<axum::Json<SessionBody>, Problem> {
    let now = platform::clock::now();
    let work = |state: AppState| async move { state.accounts.refresh(&body.refresh_token, &client, now).await };
    let session = detached.run(work).await?;
    Ok(axum::Json(session.into()))
}
