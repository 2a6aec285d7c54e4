//! Logout: revokes the family of a refresh token. Repeating it, or sending an unknown token, is not an error.

use crate::refresh_token::RefreshTokenHash;
use crate::store::{self, Revocation};
use crate::{AccountError, Accounts};
use domain::Timestamp;
use secrecy::SecretString;

impl Accounts {
    pub async fn logout(&self, presented: &SecretString, now: Timestamp) -> Result<(), AccountError> {
        let Some(hash) = RefreshTokenHash::of(presented) else { return Ok(()) };
        let mut tx = platform::postgres::begin(&self.pool).await?;
        if let Some(token) = store::lock_refresh_token(&mut tx, &hash).await? {
            store::revoke_family(&mut tx, token.family_id, Revocation::Logout, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
