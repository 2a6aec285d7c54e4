//! `POST /auth/password`.

use crate::auth::Allowed;
use crate::body::{FromJson, Json, Members, secret};
use crate::change::Detached;
use crate::client_address::RequestClient;
use crate::policy::ManageSelf;
use crate::problem::{Kind, Problem};
use accounts::{Password, PasswordChange};
use axum::http::StatusCode;
use secrecy::SecretString;
use utoipa::ToSchema;

#[derive(Debug, ToSchema)]
pub struct PasswordBody {
    #[schema(value_type = String, example = "CustomerPass123")]
    current_password: SecretString,
    /// 8 to 128 characters. The most common passwords, the shop's name and your e-mail address are refused.
    #[schema(value_type = String, min_length = 8, max_length = 128, example = "four words on paper")]
    new_password: Password,
}

impl FromJson for PasswordBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let current = members.required("current_password", secret);
        let new = members.required("new_password", |field| field.secret_as(|text| Password::choose(text.into())));
        Some(Self { current_password: current?.into(), new_password: new? })
    }
}

/// Change your password
///
/// Ends all your other sessions. Wrong current passwords count as failed logins.
#[utoipa::path(post, path = "/auth/password", tag = "auth", request_body = PasswordBody,
    responses((status = 204, description = "Changed")),
    extensions(("x-problems" = json!([Kind::InvalidCredentials, Kind::TooManyRequests]))),
    security(("access_token" = [])))]
pub async fn change_password(
    detached: Detached,
    Allowed { caller, .. }: Allowed<ManageSelf>,
    RequestClient(client): RequestClient,
    Json(body): Json<PasswordBody>,
) -> Result<StatusCode, Problem> {
    let change = PasswordChange { current: body.current_password, new: body.new_password, client };
    let now = platform::clock::now();
    detached.run(|state| async move { state.accounts.change_password(caller.principal, change, now).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
