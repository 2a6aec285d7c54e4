//! Refresh token rotation: exchanges a refresh token for a new pair. Each token can be used once. A used token may have
//! been stolen, so presenting it again ends its session. There is one exception: within [`GRACE`] after its use it is
//! accepted once more, because the response may have been lost. Its successor is then replaced. If the successor was
//! used before, or is presented afterwards, the response was received, and two parties hold the token: that ends the
//! session too.

use crate::secret_token::{self, TokenHash};
use crate::session::OpenSession;
use crate::store::{self, RefreshToken, Revocation};
use crate::{AccountError, Accounts, Client, SecurityEvent, Session, SessionLifetimes};
use chrono::TimeDelta;
use domain::Timestamp;
use secrecy::SecretString;

/// Longer than a request may take, plus the time that a client may wait before it retries.
const GRACE: TimeDelta = TimeDelta::seconds(60);

/// What to do with a token that a client presents.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Rotate,
    /// Used within [`GRACE`]: the response may have been lost, so the successor is replaced once.
    Reissue,
    /// Used within [`GRACE`], and reissued already.
    RotationInProgress,
    /// Used before [`GRACE`], or two parties hold it.
    RevokeSession,
    Refuse,
}

impl Accounts {
    pub async fn refresh(
        &self,
        presented: &SecretString,
        client: &Client,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let hash = TokenHash::of(presented).ok_or(AccountError::InvalidRefreshToken)?;
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let token = store::lock_refresh_token(&mut tx, &hash).await?.ok_or(AccountError::InvalidRefreshToken)?;
        let successor = secret_token::generate();
        match decide(&token, self.lifetimes, now) {
            Decision::Rotate => store::mark_used(&mut tx, &hash, &successor.1, now).await?,
            Decision::Reissue => store::replace_successor(&mut tx, &hash, &successor.1, now).await?,
            Decision::RotationInProgress => return Err(AccountError::RefreshInProgress),
            Decision::Refuse => return Err(AccountError::InvalidRefreshToken),
            Decision::RevokeSession => {
                store::revoke_session(&mut tx, token.session, Revocation::Reuse, now).await?;
                tx.commit().await?;
                self.forget_status(token.user_id);
                SecurityEvent::RefreshReused.record(Some(token.user_id), client.address);
                return Err(AccountError::RefreshTokenReused);
            }
        }
        let account = store::find_account(&mut tx, token.user_id).await?.filter(|account| !account.is_disabled);
        let account = account.ok_or(AccountError::InvalidRefreshToken)?;
        let session = OpenSession { id: token.session, created_at: token.session_created_at };
        store::touch_session(&mut tx, session.id, client, now).await?;
        let session = self.issue_tokens(&mut tx, account, session, successor, now).await?;
        tx.commit().await?;
        Ok(session)
    }
}

fn decide(token: &RefreshToken, lifetimes: SessionLifetimes, now: Timestamp) -> Decision {
    match token {
        RefreshToken { session_revoked: true, .. } => Decision::Refuse,
        RefreshToken { session_created_at, .. } if lifetimes.is_over(*session_created_at, now) => Decision::Refuse,
        RefreshToken { is_replaced: true, .. } => Decision::RevokeSession,
        RefreshToken { used_at: None, expires_at, .. } if *expires_at <= now => Decision::Refuse,
        RefreshToken { used_at: None, .. } => Decision::Rotate,
        RefreshToken { used_at: Some(used_at), .. } if now - *used_at > GRACE => Decision::RevokeSession,
        RefreshToken { is_successor_used: true, .. } => Decision::RevokeSession,
        RefreshToken { reissued_at: Some(_), .. } => Decision::RotationInProgress,
        RefreshToken { used_at: Some(_), reissued_at: None, .. } => Decision::Reissue,
    }
}
