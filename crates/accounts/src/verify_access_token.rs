//! Who sent a request: the token says it, the account confirms it.

use crate::{AccountError, Accounts, Role, TokenError};
use domain::Timestamp;
use domain::ids::UserId;

/// Somebody who has shown who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    pub id: UserId,
    pub role: Role,
    /// When their token is good for nothing any more.
    pub until: Timestamp,
}

impl Accounts {
    pub async fn verify_access_token(&self, token: &str, now: Timestamp) -> Result<Principal, AccountError> {
        let claims = self.tokens.check(token, now)?;
        let standing = self.standings.of(&self.standing_pool, claims.sub, now).await?.ok_or(TokenError::Revoked)?;
        if standing.is_disabled || standing.token_version != claims.ver {
            return Err(TokenError::Revoked.into());
        }
        Ok(Principal { id: claims.sub, role: standing.role, until: claims.valid_until() })
    }
}
