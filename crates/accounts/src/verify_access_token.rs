//! Authenticates a request: verifies the access token and checks it against the current state of the account.

use crate::{AccountError, Accounts, Role, SessionId, TokenError};
use domain::Timestamp;
use domain::ids::UserId;

/// The authenticated sender of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    pub id: UserId,
    pub role: Role,
    /// `None` for a token that the version before issued.
    pub session: Option<SessionId>,
    /// Until they change it, they may do nothing else.
    pub must_change_password: bool,
    /// When their token expires, with the leeway.
    pub until: Timestamp,
    token_version: i32,
}

impl Accounts {
    pub async fn verify_access_token(&self, token: &str, now: Timestamp) -> Result<Principal, AccountError> {
        let claims = self.tokens.check(token, now)?;
        let status = self.status_cache.get(&self.status_pool, claims.sub, claims.sid, now).await?;
        let status = status.ok_or(TokenError::Revoked)?;
        if status.is_disabled || status.session_ended || status.token_version != claims.ver {
            return Err(TokenError::Revoked.into());
        }
        Ok(Principal {
            id: claims.sub,
            role: status.role,
            session: claims.sid,
            must_change_password: status.must_change_password,
            until: claims.valid_until(),
            token_version: status.token_version,
        })
    }

    /// Whether the token of `principal` is still valid and their role unchanged; for long-running requests.
    pub async fn is_current(&self, principal: Principal, now: Timestamp) -> Result<bool, AccountError> {
        let status = self.status_cache.get(&self.pool, principal.id, principal.session, now).await?;
        let is_unchanged = status.is_some_and(|status| {
            let is_revoked = status.is_disabled || status.session_ended;
            !is_revoked && status.token_version == principal.token_version && status.role == principal.role
        });
        Ok(is_unchanged && now < principal.until)
    }
}
