//! Use cases: end one session, by its token or its id, or all sessions of a user.

use crate::secret_token::TokenHash;
use crate::store::{self, Revocation};
use crate::{AccountError, Accounts, SessionId};
use domain::Timestamp;
use domain::ids::UserId;
use secrecy::SecretString;

impl Accounts {
    /// Ends the session of the presented refresh token; its access tokens are refused within five seconds. An unknown
    /// token changes nothing.
    pub async fn logout(&self, presented: &SecretString, now: Timestamp) -> Result<(), AccountError> {
        let Some(hash) = TokenHash::of(presented) else { return Ok(()) };
        let mut tx = platform::postgres::begin(&self.pool).await?;
        if let Some(token) = store::lock_refresh_token(&mut tx, &hash).await? {
            store::revoke_session(&mut tx, token.session, Revocation::Logout, now).await?;
            tx.commit().await?;
            self.forget_status(token.user_id);
        }
        Ok(())
    }

    /// Ends one session of the user; its access tokens are refused within five seconds. Safe to repeat.
    pub async fn end_session(&self, user: UserId, session: SessionId, now: Timestamp) -> Result<(), AccountError> {
        let mut tx = platform::postgres::begin(&self.pool).await?;
        if !store::revoke_session_of(&mut tx, user, session, Revocation::Logout, now).await? {
            return Err(AccountError::UnknownSession);
        }
        tx.commit().await?;
        self.forget_status(user);
        Ok(())
    }

    /// Ends all sessions of the user, the caller's included. Returns how many there were.
    pub async fn logout_all(&self, user: UserId, now: Timestamp) -> Result<u64, AccountError> {
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let ended = store::revoke_sessions_of(&mut tx, user, None, Revocation::Logout, now).await?;
        tx.commit().await?;
        self.forget_status(user);
        Ok(ended)
    }
}
