//! A session: the pair of tokens that a user gets after authentication.

use crate::refresh_token::{self, RefreshTokenHash};
use crate::store::{self, Account};
use crate::{AccountError, Accounts, Client, IssuedToken, SessionId, User};
use domain::Timestamp;
use secrecy::SecretString;
use sqlx::PgConnection;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Session {
    pub user: User,
    pub access: IssuedToken,
    pub refresh_token: SecretString,
    pub refresh_expires_in: Duration,
    /// Until the user changes the password, nothing else is permitted.
    pub must_change_password: bool,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    pub id: SessionId,
    /// Of the last login or refresh.
    pub client_address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: Timestamp,
    /// When tokens were issued last.
    pub last_used_at: Timestamp,
}

/// A session that tokens are issued for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenSession {
    pub id: SessionId,
    pub created_at: Timestamp,
}

impl Accounts {
    /// Opens a session with its first pair of tokens; the caller commits.
    pub(crate) async fn open_session(
        &self,
        tx: &mut PgConnection,
        account: Account,
        client: &Client,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let session = OpenSession { id: SessionId::generate(), created_at: now };
        store::insert_session(tx, session.id, account.user.id, client, now).await?;
        self.issue_tokens(tx, account, session, refresh_token::generate(), now).await
    }

    /// Issues a pair of tokens of `session`; the caller commits. No refresh token outlives the session.
    pub(crate) async fn issue_tokens(
        &self,
        tx: &mut PgConnection,
        account: Account,
        session: OpenSession,
        (refresh_token, hash): (SecretString, RefreshTokenHash),
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let refresh_expires_in = self.lifetimes.of_refresh_token(session.created_at, now);
        store::insert_refresh_token(tx, &hash, session.id, now + refresh_expires_in).await?;
        let access = self.tokens.issue(account.user.id, account.user.role, session.id, account.token_version, now)?;
        let must_change_password = account.must_change_password;
        Ok(Session { user: account.user, access, refresh_token, refresh_expires_in, must_change_password })
    }
}

/// How long sessions and their refresh tokens last.
#[derive(Debug, Clone, Copy)]
pub struct SessionLifetimes {
    pub refresh_token: Duration,
    pub session: Duration,
}

impl SessionLifetimes {
    fn of_refresh_token(self, session_created_at: Timestamp, now: Timestamp) -> Duration {
        let left = (session_created_at + self.session - now).to_std().unwrap_or(Duration::ZERO);
        self.refresh_token.min(left)
    }

    pub(crate) fn is_over(self, session_created_at: Timestamp, now: Timestamp) -> bool {
        session_created_at + self.session <= now
    }
}
