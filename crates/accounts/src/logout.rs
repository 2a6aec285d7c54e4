//! Use cases: end one session, or all sessions of a user.

use crate::secret_token::TokenHash;
use crate::store::{self, Revocation};
use crate::{AccountError, Accounts};
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

    /// Ends all sessions of the user, the caller's included. Returns how many there were.
    pub async fn logout_all(&self, user: UserId, now: Timestamp) -> Result<u64, AccountError> {
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let ended = store::revoke_sessions_of(&mut tx, user, None, Revocation::Logout, now).await?;
        tx.commit().await?;
        self.forget_status(user);
        Ok(ended)
    }
}
