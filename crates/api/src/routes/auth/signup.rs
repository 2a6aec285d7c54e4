//! `POST /auth/signup`.

use super::session::SessionBody;
use crate::body::{FromJson, Json, Members, parsed};
use crate::change::Detached;
use crate::client_address::RequestClient;
use crate::problem::{Kind, Problem};
use accounts::{Email, FullName, Password, SignUp};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, ToSchema)]
pub struct SignUpBody {
    #[schema(value_type = String, example = "somebody@example.com")]
    email: Email,
    /// 8 to 128 characters of any kind; the most common passwords are refused.
    #[schema(value_type = String, min_length = 8, max_length = 128, example = "correct horse battery staple")]
    password: Password,
    /// 1 to 200 visible characters on one line.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "Demo Customer")]
    full_name: Option<FullName>,
}

impl FromJson for SignUpBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let email = members.required("email", parsed);
        let password = members.required("password", |field| field.secret_as(|text| Password::choose(text.into())));
        let full_name = members.optional("full_name", parsed);
        Some(Self { email: email?, password: password?, full_name: full_name? })
    }
}

/// The same response whether the address is registered already or not.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignUpAcceptedBody {
    #[schema(example = "accepted")]
    status: &'static str,
    #[schema(example = "If the address was not registered, the account exists now; log in with it")]
    message: &'static str,
}

const ACCEPTED: SignUpAcceptedBody = SignUpAcceptedBody {
    status: "accepted",
    message: "If the address was not registered, the account exists now; log in with it",
};

/// Sign up
///
/// Creates a customer account and logs in. An address that is registered already is refused with 409. Where the
/// installation hides registered addresses (`SIGNUP_HIDES_TAKEN_EMAILS`), every sign-up gets 202 without tokens: log in
/// afterwards.
#[utoipa::path(post, path = "/auth/signup", tag = "auth", request_body = SignUpBody,
    responses((status = 201, description = "The account is created: tokens and the user", body = SessionBody),
        (status = 202, description = "The account is created, unless the address is registered already", body = SignUpAcceptedBody)),
    extensions(("x-problems" = json!([Kind::EmailTaken]))), security(()))]
pub async fn sign_up(
    detached: Detached,
    RequestClient(client): RequestClient,
    Json(body): Json<SignUpBody>,
) -> Result<Response, Problem> {
    let request = SignUp { email: body.email, password: body.password, full_name: body.full_name, client };
    let now = platform::clock::now();
    if detached.state.options.hides_registered_emails {
        detached.run(|state| async move { state.accounts.signup_discreetly(request, now).await }).await?;
        return Ok((StatusCode::ACCEPTED, axum::Json(ACCEPTED)).into_response());
    }
    let session = detached.run(|state| async move { state.accounts.signup(request, now).await }).await?;
    Ok((StatusCode::CREATED, axum::Json(SessionBody::from(session))).into_response())
}
