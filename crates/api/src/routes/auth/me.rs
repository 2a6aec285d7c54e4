//! `GET /auth/me`.

use super::user::UserBody;
use crate::auth::Allowed;
use crate::policy::SeeSelf;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;

/// Show your account
///
/// The account that the access token was issued to.
#[utoipa::path(get, path = "/auth/me", tag = "auth",
    responses((status = 200, description = "The caller", body = UserBody)), security(("access_token" = [])))]
pub async fn me(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeSelf>,
) -> Result<Json<UserBody>, Problem> {
    Ok(Json(state.accounts.find_user(caller.id).await?.into()))
}
