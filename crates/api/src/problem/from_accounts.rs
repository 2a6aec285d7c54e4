//! Maps the errors of accounts to problems.

use super::text::invalid;
use super::{Kind, Problem, RETRY_SOON};
use accounts::{AccountError, TokenError};

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let detail = error.to_string();
        match error {
            AccountError::Email(_) => Self::about(Kind::Validation, "/email", invalid("email", detail)),
            AccountError::Password(_) => Self::about(Kind::Validation, "/password", invalid("password", detail)),
            AccountError::WrongPassword => Self::about(Kind::InvalidCredentials, "/current_password", detail),
            AccountError::SamePassword => Self::about(Kind::Validation, "/new_password", detail),
            AccountError::EmailTaken => Self::about(Kind::EmailTaken, "/email", detail),
            AccountError::InvalidCredentials => Self::new(Kind::InvalidCredentials, detail),
            AccountError::TooManyAttempts { retry_after } => {
                Self::new(Kind::TooManyRequests, detail).retry_after(retry_after)
            }
            AccountError::Overloaded => Self::overloaded(detail),
            AccountError::InvalidRefreshToken => Self::new(Kind::InvalidRefreshToken, detail),
            AccountError::RefreshTokenReused => Self::new(Kind::RefreshTokenReused, detail),
            AccountError::RefreshInProgress => Self::new(Kind::RefreshInProgress, detail),
            AccountError::Token(TokenError::TicketInvalid) => {
                Self::about_parameter(Kind::InvalidToken, "ticket", detail)
            }
            AccountError::Token(TokenError::Invalid) => Self::new(Kind::InvalidToken, detail),
            AccountError::Token(TokenError::Expired) => Self::new(Kind::TokenExpired, detail),
            AccountError::Token(TokenError::Revoked) => Self::new(Kind::TokenRevoked, detail),
            AccountError::UnknownUser => Self::not_found("user"),
            AccountError::UnknownKey => Self::not_found("API key"),
            AccountError::UnknownSession => Self::not_found("session"),
            AccountError::NotAdmin => Self::new(Kind::Forbidden, detail),
            AccountError::OwnAccount
            | AccountError::Erased
            | AccountError::NotCustomer(_)
            | AccountError::OpenOrders(_) => Self::new(Kind::InvalidState, detail),
            AccountError::ThrottleUnavailable => Self::new(Kind::Unavailable, detail).retry_after(RETRY_SOON),
            AccountError::Inconsistent(_) | AccountError::Crypto(_) => Self::internal(detail),
            AccountError::Database(error) => error.into(),
        }
    }
}
