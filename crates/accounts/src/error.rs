//! Why a use case of this slice was refused, or failed.

use crate::{EmailError, PasswordError};
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error(transparent)]
    Email(#[from] EmailError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("an account with this e-mail address exists")]
    EmailTaken,
    /// Unknown address, wrong password or disabled account: the caller can't tell which.
    #[error("e-mail address or password is wrong")]
    InvalidCredentials,
    #[error("too many failed logins; try again in {} s", .retry_after.as_secs())]
    TooManyAttempts { retry_after: Duration },
    /// Every core is busy with passwords.
    #[error("too many logins at once; try again")]
    Overloaded,
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    /// It was used before, so it may be stolen: its whole family is revoked.
    #[error("the refresh token was used before; sign in again")]
    RefreshTokenReused,
    /// It was used a moment ago, and its lost answer was given again already.
    #[error("this refresh token was turned a moment ago; use the tokens that came of it")]
    RefreshInProgress,
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("there is no such user")]
    UnknownUser,
    #[error("nobody changes their own role")]
    OwnRole,
    #[error("accounts.{table}.{column} of {id} holds what we never write")]
    Inconsistent { table: &'static str, column: &'static str, id: Uuid },
    #[error("hashing or signing failed: {0}")]
    Crypto(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Why an access token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the access token is not valid")]
    Invalid,
    #[error("the access token has expired")]
    Expired,
    /// Its owner is disabled, or it was made before their role changed.
    #[error("the access token was revoked")]
    Revoked,
}
