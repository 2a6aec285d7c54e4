//! Bodies with tokens, shared by the routes of `/auth`.

use super::user::UserBody;
use crate::body::{FromJson, Members, secret};
use accounts::Session;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

/// Tokens: send the access token as `Authorization: Bearer`; the refresh token can be exchanged once.
#[derive(Serialize, ToSchema)]
pub struct SessionBody {
    #[schema(example = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjRiMWM…")]
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Validity of the access token in seconds.
    #[schema(example = 900)]
    expires_in: u64,
    #[schema(example = "5Y0c9mJ2bQh8…")]
    refresh_token: String,
    /// Validity of the refresh token in seconds.
    #[schema(example = 1_209_600)]
    refresh_expires_in: u64,
    /// Present and true until you change a password that somebody else has set: before that, nothing else is permitted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(example = false)]
    must_change_password: bool,
    user: UserBody,
}

impl From<Session> for SessionBody {
    fn from(session: Session) -> Self {
        Self {
            access_token: session.access.token.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: session.access.expires_in.as_secs(),
            refresh_token: session.refresh_token.expose_secret().to_owned(),
            refresh_expires_in: session.refresh_expires_in.as_secs(),
            must_change_password: session.must_change_password,
            user: session.user.into(),
        }
    }
}

impl std::fmt::Debug for SessionBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionBody").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A refresh token from a login or from the previous exchange.
#[derive(Debug, ToSchema)]
pub struct RefreshTokenBody {
    #[schema(value_type = String, example = "5Y0c9mJ2bQh8…")]
    pub refresh_token: SecretString,
}

impl FromJson for RefreshTokenBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let refresh_token = members.required("refresh_token", secret)?.into();
        Some(Self { refresh_token })
    }
}
