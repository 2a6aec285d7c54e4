use super::session::{RefreshTokenBody, SessionBody};
use crate::body::Json;
use crate::client_address::ClientAddress;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use axum::extract::State;

/// Exchange a refresh token for new tokens
///
/// Each can be used once. A second use revokes all tokens of the same login, except within 60 seconds, when the first
/// response may have been lost: then it is answered once more, and after that with 409.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", request_body = RefreshTokenBody,
    responses((status = 200, description = "New tokens", body = SessionBody)),
    extensions(("x-problems" = json!([
        Kind::InvalidRefreshToken, Kind::RefreshTokenReused, Kind::RefreshInProgress
    ]))), security(()))]
pub async fn refresh(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<RefreshTokenBody>,
) -> Result<axum::Json<SessionBody>, Problem> {
    let accounts = state.accounts.clone();
    let now = platform::clock::now();
    let session = state.finish(async move { accounts.refresh(&body.refresh_token, address, now).await }).await?;
    Ok(axum::Json(session.into()))
}
