use super::text::wrong;
use super::{Kind, Problem};
use accounts::{AccountError, TokenError};

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let said = error.to_string();
        match error {
            AccountError::Email(_) => Self::about(Kind::Validation, "/email", wrong("email", said)),
            AccountError::Password(_) => Self::about(Kind::Validation, "/password", wrong("password", said)),
            AccountError::EmailTaken => Self::about(Kind::EmailTaken, "/email", said),
            AccountError::InvalidCredentials => Self::new(Kind::InvalidCredentials, said),
            AccountError::TooManyAttempts { retry_after } => {
                Self::new(Kind::TooManyRequests, said).retry_after(retry_after)
            }
            AccountError::Overloaded => Self::overloaded(said),
            AccountError::InvalidRefreshToken => Self::new(Kind::InvalidRefreshToken, said),
            AccountError::RefreshTokenReused => Self::new(Kind::RefreshTokenReused, said),
            AccountError::RefreshInProgress => Self::new(Kind::RefreshInProgress, said),
            AccountError::Token(TokenError::Invalid) => Self::new(Kind::InvalidToken, said),
            AccountError::Token(TokenError::Expired) => Self::new(Kind::TokenExpired, said),
            AccountError::Token(TokenError::Revoked) => Self::new(Kind::TokenRevoked, said),
            AccountError::UnknownUser => Self::not_found("user"),
            AccountError::NotAdmin => Self::new(Kind::Forbidden, said),
            AccountError::OwnRole => Self::new(Kind::InvalidState, said),
            AccountError::Inconsistent { .. } | AccountError::Crypto(_) => Self::internal(said),
            AccountError::Database(error) => error.into(),
        }
    }
}
