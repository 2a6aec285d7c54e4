//! A refresh token against a new pair. Each is good once: whoever shows a used one may have stolen it, so the whole
//! family dies. Only just after its use may it be shown once more, because answers get lost on their way.

use crate::refresh_token::RefreshTokenHash;
use crate::store::{self, RefreshToken, Revocation};
use crate::{AccountError, Accounts, SecurityEvent, Session};
use chrono::TimeDelta;
use domain::Timestamp;
use secrecy::SecretString;
use std::net::IpAddr;

/// Longer than a request may take and its caller may wait before it asks again.
const GRACE: TimeDelta = TimeDelta::seconds(60);

/// What to do with a token that was shown.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Turn,
    /// Used a moment ago: the answer may have been lost, so it is given again, once.
    TurnAgain,
    /// Used a moment ago, and turned again already.
    AlreadyTurning,
    /// Used, and not a moment ago.
    Revoke,
    Refuse,
}

impl Accounts {
    /// `address` is where the request comes from.
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
            Decision::Turn => store::mark_used(&mut tx, &hash, now).await?,
            Decision::TurnAgain => store::mark_reissued(&mut tx, &hash, now).await?,
            Decision::AlreadyTurning => return Err(AccountError::RefreshInProgress),
            Decision::Refuse => return Err(AccountError::InvalidRefreshToken),
            Decision::Revoke => {
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
        RefreshToken { used_at: None, .. } => Decision::Turn,
        RefreshToken { used_at: Some(used_at), .. } if now - *used_at > GRACE => Decision::Revoke,
        RefreshToken { reissued_at: Some(_), .. } => Decision::AlreadyTurning,
        RefreshToken { used_at: Some(_), reissued_at: None, .. } => Decision::TurnAgain,
    }
}
