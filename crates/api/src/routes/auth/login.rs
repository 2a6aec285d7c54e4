//! `POST /auth/login`.

use super::session::SessionBody;
use crate::body::{FromJson, Json, Members, secret, text};
use crate::change::Detached;
use crate::client_address::RequestClient;
use crate::problem::{Kind, Problem};
use accounts::Login;
use secrecy::SecretString;
use utoipa::ToSchema;

#[derive(Debug, ToSchema)]
pub struct LoginBody {
    #[schema(example = "customer@orders.local")]
    email: String,
    #[schema(value_type = String, example = "CustomerPass123")]
    password: SecretString,
}

impl FromJson for LoginBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let email = members.required("email", text);
        let password = members.required("password", secret);
        Some(Self { email: email?, password: password?.into() })
    }
}

/// Log in
///
/// After ten failed logins of an account within 15 minutes, the response is 429 until those minutes are over.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LoginBody,
    responses((status = 200, description = "Tokens and the user", body = SessionBody)),
    extensions(("x-problems" = json!([Kind::InvalidCredentials, Kind::TooManyRequests]))), security(()))]
pub async fn log_in(
    detached: Detached,
    RequestClient(client): RequestClient,
    Json(body): Json<LoginBody>,
) -> Result<axum::Json<SessionBody>, Problem> {
    let login = Login { email: body.email, password: body.password, client };
    let now = platform::clock::now();
    let session = detached.run(|state| async move { state.accounts.login(login, now).await }).await?;
    Ok(axum::Json(session.into()))
}
