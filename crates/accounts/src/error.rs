//! The errors of this slice's use cases.

use crate::{EmailError, PasswordError, Role};
use platform::consistency::Inconsistency;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error(transparent)]
    Email(#[from] EmailError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("an account with this `email` exists; log in instead")]
    EmailTaken,
    /// Unknown address, wrong password or disabled account: the caller can't tell which.
    #[error("`email` or `password` is wrong")]
    InvalidCredentials,
    #[error("`current_password` is wrong")]
    WrongPassword,
    #[error("`new_password` is the current password; choose another")]
    SamePassword,
    #[error("too many failed logins; retry in {} s", .retry_after.as_secs())]
    TooManyAttempts { retry_after: Duration },
    /// Every core is busy hashing passwords.
    #[error("too many logins are in progress; retry in a second")]
    Overloaded,
    #[error("`refresh_token` is unknown, expired or revoked; log in again")]
    InvalidRefreshToken,
    /// A used token may have been stolen, so its session ends.
    #[error("`refresh_token` was used before, so this session has ended; log in again")]
    RefreshTokenReused,
    /// It was exchanged within the grace period, and the response has already been repeated once.
    #[error("`refresh_token` was exchanged a moment ago; use the tokens from that response, or log in again")]
    RefreshInProgress,
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("no such user")]
    UnknownUser,
    #[error("you have no such session")]
    UnknownSession,
    #[error("no such API key, or it was revoked")]
    UnknownKey,
    #[error("your own account can't be changed here; ask another admin")]
    OwnAccount,
    #[error("this account was erased, so it can't be changed")]
    Erased,
    #[error("only customers can be erased, and this user's role is `{0}`; make them a customer first")]
    NotCustomer(Role),
    #[error(
        "{0} orders of this customer have not ended, so they can't be erased yet; wait until they have, or cancel them"
    )]
    OpenOrders(u64),
    #[error("you are no longer an admin, so you can't change users; log in again")]
    NotAdmin,
    /// Failed logins are counted in Redis.
    #[error("failed logins can't be forgotten while Redis is unavailable; retry")]
    ThrottleUnavailable,
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
    #[error("hashing or signing failed: {0}")]
    Crypto(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Why an access token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the access token is not valid; log in again")]
    Invalid,
    #[error("the access token has expired; get a new one with POST /api/v1/auth/refresh")]
    Expired,
    #[error("`ticket` is unknown, expired, used before or for another order; get a new one")]
    TicketInvalid,
    /// Its owner is disabled, its session has ended, or it was issued before their role changed.
    #[error("the access token was revoked; log in again")]
    Revoked,
}
