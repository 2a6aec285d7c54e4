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
    token_version: i32,
}

impl Accounts {
    pub async fn verify_access_token(&self, token: &str, now: Timestamp) -> Result<Principal, AccountError> {
        let claims = self.tokens.check(token, now)?;
        let standing = self.standings.of(&self.standing_pool, claims.sub, now).await?.ok_or(TokenError::Revoked)?;
        if standing.is_disabled || standing.token_version != claims.ver {
            return Err(TokenError::Revoked.into());
        }
        let (role, token_version) = (standing.role, standing.token_version);
        Ok(Principal { id: claims.sub, role, until: claims.valid_until(), token_version })
    }

    /// Whether `principal` may still do what they might when their token was verified: for what takes long.
    pub async fn is_current(&self, principal: Principal, now: Timestamp) -> Result<bool, AccountError> {
        let standing = self.standings.of(&self.pool, principal.id, now).await?;
        let stands = standing.is_some_and(|standing| {
            !standing.is_disabled
                && standing.token_version == principal.token_version
                && standing.role == principal.role
        });
        Ok(stands && now < principal.until)
    }
}
