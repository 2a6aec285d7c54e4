//! Address and password against a pair of tokens. Who guesses learns nothing, and soon has to wait.

use crate::hasher::Comparison;
use crate::store::{self, Account};
use crate::{AccountError, Accounts, Email, Session};
use domain::Timestamp;
use secrecy::SecretString;
use std::net::IpAddr;

#[derive(Debug)]
pub struct Login {
    /// As it was typed: one that can't be an address is answered like one that is not known.
    pub email: String,
    pub password: SecretString,
    /// Where the request comes from.
    pub address: IpAddr,
}

impl Accounts {
    pub async fn login(&self, login: Login, now: Timestamp) -> Result<Session, AccountError> {
        let attempt = self.throttle.admit(&login.email, login.address).await?;
        let known = self.find_account(&login.email).await?;
        let hash = known.as_ref().map(|account| account.password_hash.clone());
        let comparison = self.hasher.compare(login.password.clone(), hash).await?;
        match known.filter(|account| comparison != Comparison::Different && !account.is_disabled) {
            None => {
                self.throttle.failed(&attempt).await?;
                Err(AccountError::InvalidCredentials)
            }
            Some(account) => {
                self.throttle.succeeded(&attempt).await?;
                self.log_in(account, comparison, login.password, now).await
            }
        }
    }

    async fn find_account(&self, email: &str) -> Result<Option<Account>, AccountError> {
        let Ok(email) = email.parse::<Email>() else { return Ok(None) };
        store::find_account_by_email(&mut *self.pool.acquire().await?, &email).await
    }

    async fn log_in(
        &self,
        account: Account,
        comparison: Comparison,
        password: SecretString,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let stronger = match comparison {
            Comparison::SameButWeak => Some(self.hasher.hash(password).await?),
            Comparison::Same | Comparison::Different => None,
        };
        let mut tx = platform::postgres::begin(&self.pool).await?;
        if let Some(hash) = stronger {
            store::replace_password_hash(&mut tx, account.user.id, &account.password_hash, &hash, now).await?;
        }
        let session = self.open_session(&mut tx, account, now).await?;
        tx.commit().await?;
        Ok(session)
    }
}
