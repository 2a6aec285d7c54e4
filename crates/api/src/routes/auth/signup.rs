use super::user::UserBody;
use crate::body::{FromJson, Json, Members, parsed};
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use accounts::{AccountError, Email, Password, SignUp, SignedUp};
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

#[derive(Debug, ToSchema)]
pub struct SignUpBody {
    #[schema(value_type = String, example = "somebody@example.com")]
    email: Email,
    /// 8 to 128 characters, of whatever kind, but none of the most common passwords.
    #[schema(value_type = String, min_length = 8, max_length = 128, example = "correct horse battery staple")]
    password: Password,
}

impl FromJson for SignUpBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let email = members.required("email", parsed);
        let password = members.required("password", |field| field.secret_as(|text| Password::choose(text.into())));
        Some(Self { email: email?, password: password? })
    }
}

/// Sign up
///
/// Makes a customer. In production, an address that has an account is answered like a new one.
#[utoipa::path(post, path = "/auth/signup", tag = "auth", request_body = SignUpBody,
    responses((status = 201, description = "The account", body = UserBody)),
    extensions(("x-problems" = json!([Kind::EmailTaken]))), security(()))]
pub async fn sign_up(
    State(state): State<AppState>,
    Json(body): Json<SignUpBody>,
) -> Result<(StatusCode, axum::Json<UserBody>), Problem> {
    let request = SignUp { email: body.email, password: body.password };
    let accounts = state.accounts.clone();
    let now = platform::clock::now();
    let user = match state.finish(async move { accounts.signup(request, now).await }).await? {
        SignedUp::Taken(_) if !state.options.hides_taken_emails => return Err(AccountError::EmailTaken.into()),
        SignedUp::Now(user) | SignedUp::Taken(user) => user,
    };
    Ok((StatusCode::CREATED, axum::Json(user.into())))
}
