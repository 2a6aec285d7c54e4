//! A session: the pair of tokens that a user gets after authentication.

use crate::secret_token::{self, TokenHash};
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
        self.issue_tokens(tx, account, session, secret_token::generate(), now).await
    }

    /// Issues a pair of tokens of `session`; the caller commits. No refresh token outlives the session.
    pub(crate) async fn issue_tokens(
        &self,
        tx: &mut PgConnection,
        account: Account,
        session: OpenSession,
        (refresh_token, hash): (SecretString, TokenHash),
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let refresh_expires_in = self.lifetimes.of_refresh_token(session.created_at, now);
        store::insert_refresh_token(tx, &hash, session.id, now + refresh_expires_in).await?;
        let access = self.tokens.issue(account.user.id, account.user.role, session.id, account.token_version, now)?;
        let must_change_password = account.must_change_password;
        Ok(Session { user: account.user, access, refresh_token, refresh_expires_in, must_change_password })
    }
}
