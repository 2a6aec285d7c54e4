//! Refresh token rotation: exchanges a refresh token for a new pair. Each token can be used once. A used token may have
//! been stolen, so presenting it again revokes its whole family. There is one exception: within [`GRACE`] after its use
//! it is accepted once more, because the response may have been lost.

use crate::refresh_token::RefreshTokenHash;
use crate::store::{self, RefreshToken, Revocation};
use crate::{AccountError, Accounts, SecurityEvent, Session};
use chrono::TimeDelta;
use domain::Timestamp;
use secrecy::SecretString;
use std::net::IpAddr;

/// Longer than a request may take, plus the time that a client may wait before it retries.
const GRACE: TimeDelta = TimeDelta::seconds(60);

/// What to do with a token that a client presents.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Rotate,
    /// Used within [`GRACE`]: the response may have been lost, so a new pair is issued once more.
    Reissue,
    /// Used within [`GRACE`], and reissued already.
    RotationInProgress,
    /// Used before [`GRACE`].
    RevokeFamily,
    Refuse,
}

impl Accounts {
    /// `address` is the client's address.
    pub async fn refresh(
        &self,
        presented: &SecretString,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let hash = RefreshTokenHash::of(presented).ok_or(AccountError::InvalidRefreshToken)?;
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let token = store::lock_refresh_token(&mut tx, &hash).await?.ok_or(AccountError::InvalidRefreshToken)?;
        match decide(&token, now) {
            Decision::Rotate => store::mark_used(&mut tx, &hash, now).await?,
            Decision::Reissue => store::mark_reissued(&mut tx, &hash, now).await?,
            Decision::RotationInProgress => return Err(AccountError::RefreshInProgress),
            Decision::Refuse => return Err(AccountError::InvalidRefreshToken),
            Decision::RevokeFamily => {
                store::revoke_family(&mut tx, token.family_id, Revocation::Reuse, now).await?;
                tx.commit().await?;
                SecurityEvent::RefreshReused.record(Some(token.user_id), address);
                return Err(AccountError::RefreshTokenReused);
            }
        }
        let account = store::find_account(&mut tx, token.user_id).await?.filter(|account| !account.is_disabled);
        let account = account.ok_or(AccountError::InvalidRefreshToken)?;
        let session = self.add_session(&mut tx, account, token.family_id, now).await?;
        tx.commit().await?;
        Ok(session)
    }
}

fn decide(token: &RefreshToken, now: Timestamp) -> Decision {
    match token {
        RefreshToken { family_revoked: true, .. } => Decision::Refuse,
        RefreshToken { used_at: None, expires_at, .. } if *expires_at <= now => Decision::Refuse,
        RefreshToken { used_at: None, .. } => Decision::Rotate,
        RefreshToken { used_at: Some(used_at), .. } if now - *used_at > GRACE => Decision::RevokeFamily,
        RefreshToken { reissued_at: Some(_), .. } => Decision::RotationInProgress,
        RefreshToken { used_at: Some(_), reissued_at: None, .. } => Decision::Reissue,
    }
}
