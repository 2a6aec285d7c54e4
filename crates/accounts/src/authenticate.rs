//! Authenticates a request: verifies the access token, or the API key, and checks it against the current state of the
//! account.

use crate::account_status::AccountStatus;
use crate::api_key::PREFIX;
use crate::principal::Principal;
use crate::{AccountError, Accounts, SessionId, TokenError, store};
use domain::Timestamp;
use domain::ids::UserId;
use secrecy::SecretString;

impl Accounts {
    /// `token` is an access token or an API key.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, AccountError> {
        if token.starts_with(PREFIX) {
            return self.verify_key(&SecretString::from(token), now).await;
        }
        self.verify_access_token(token, now).await
    }

    pub async fn verify_access_token(&self, token: &str, now: Timestamp) -> Result<Principal, AccountError> {
        let claims = self.tokens.check(token, now)?;
        let status = self.find_status(claims.sub, claims.sid, now).await?;
        let status = status.ok_or(TokenError::Revoked)?;
        if status.is_disabled || status.session_ended || status.token_version != claims.ver {
            return Err(TokenError::Revoked.into());
        }
        Ok(Principal {
            id: claims.sub,
            role: status.role,
            session: claims.sid,
            must_change_password: status.must_change_password,
            key: None,
            until: claims.valid_until(),
            token_version: status.token_version,
        })
    }

    /// Whether the token of `principal` is still valid and their role unchanged; for long-running requests.
    pub async fn is_current(&self, principal: Principal, now: Timestamp) -> Result<bool, AccountError> {
        if let Some(key) = principal.key {
            return self.is_key_current(principal, key, now).await;
        }
        let status = self.find_status(principal.id, principal.session, now).await?;
        let is_unchanged = status.is_some_and(|status| {
            let is_revoked = status.is_disabled || status.session_ended;
            !is_revoked && status.token_version == principal.token_version && status.role == principal.role
        });
        Ok(is_unchanged && now < principal.until)
    }

    pub(crate) async fn find_status(
        &self,
        user: UserId,
        session: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Option<AccountStatus>, AccountError> {
        let load = async {
            store::find_account_status(&mut *platform::postgres::reader(&self.status_pool).await?, user, session).await
        };
        self.status_cache.get((user, session), now, load).await
    }
}
