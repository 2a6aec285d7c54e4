//! A session: the pair of tokens that a user gets after authentication.

use crate::refresh_token::{self, RefreshTokenHash};
use crate::store::{self, Account};
use crate::{AccountError, Accounts, IssuedToken, User};
use domain::Timestamp;
use secrecy::SecretString;
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Session {
    pub user: User,
    pub access: IssuedToken,
    pub refresh_token: SecretString,
    pub refresh_expires_in: Duration,
}

impl Accounts {
    /// Starts a family of refresh tokens with its first pair; the caller commits.
    pub(crate) async fn open_session(
        &self,
        tx: &mut PgConnection,
        account: Account,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let family = Uuid::now_v7();
        store::insert_refresh_family(tx, family, account.user.id, now).await?;
        self.add_session(tx, account, family, now).await
    }

    /// Issues a pair of tokens within `family`; the caller commits.
    pub(crate) async fn add_session(
        &self,
        tx: &mut PgConnection,
        account: Account,
        family: Uuid,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let (refresh_token, hash): (_, RefreshTokenHash) = refresh_token::generate();
        store::insert_refresh_token(tx, &hash, family, now + self.refresh_token_ttl).await?;
        let access = self.tokens.issue(account.user.id, account.user.role, account.token_version, now)?;
        Ok(Session { user: account.user, access, refresh_token, refresh_expires_in: self.refresh_token_ttl })
    }
}
