//! Login: exchanges an e-mail address and a password for a pair of tokens. A wrong guess does not reveal whether the
//! address exists, and repeated failures are throttled.

use crate::hasher::Comparison;
use crate::store::{self, Account};
use crate::{AccountError, Accounts, Client, Email, SecurityEvent, Session};
use domain::Timestamp;
use domain::ids::UserId;
use secrecy::SecretString;
use std::net::IpAddr;

#[derive(Debug)]
pub struct Login {
    /// As it was typed: a malformed address gets the same response as an unknown one.
    pub email: String,
    pub password: SecretString,
    pub client: Client,
}

impl Accounts {
    pub async fn login(&self, login: Login, now: Timestamp) -> Result<Session, AccountError> {
        let admitted = self.throttle.admit(&login.email, login.client.address).await;
        let attempt = admitted.inspect_err(|refused| record_refusal(refused, None, login.client.address))?;
        let known = self.find_account(&login.email).await?;
        let user = known.as_ref().map(|account| account.user.id);
        let hash = known.as_ref().map(|account| account.password_hash.clone());
        let comparison = self.hasher.compare(login.password.clone(), hash).await?;
        match known.filter(|account| comparison != Comparison::Different && !account.is_disabled) {
            None => {
                let failed = self.throttle.failed(&attempt).await.err().unwrap_or(AccountError::InvalidCredentials);
                record_refusal(&failed, user, login.client.address);
                Err(failed)
            }
            Some(account) => {
                let admitted = self.throttle.succeeded(&attempt).await;
                admitted.inspect_err(|refused| record_refusal(refused, user, login.client.address))?;
                self.log_in(account, comparison, login.password, &login.client, now).await
            }
        }
    }

    async fn find_account(&self, email: &str) -> Result<Option<Account>, AccountError> {
        let Ok(email) = email.parse::<Email>() else { return Ok(None) };
        store::find_account_by_email(&mut *platform::postgres::reader(&self.pool).await?, &email).await
    }

    async fn log_in(
        &self,
        account: Account,
        comparison: Comparison,
        password: SecretString,
        client: &Client,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let stronger = match comparison {
            Comparison::SameButWeak => Some(self.hasher.hash(password).await?),
            Comparison::Same | Comparison::Different => None,
        };
        let mut tx = platform::postgres::begin(&self.pool).await?;
        // The password was compared outside of this transaction. If it was changed since, or the account disabled, their
        // transaction has ended all sessions, so no new one may begin.
        let current = store::lock_accounts(&mut tx, &[account.user.id]).await?.pop();
        let is_unchanged = |current: &Account| !current.is_disabled && current.password_hash == account.password_hash;
        let Some(account) = current.filter(is_unchanged) else { return Err(AccountError::InvalidCredentials) };
        if let Some(hash) = stronger {
            store::replace_password_hash(&mut tx, account.user.id, &account.password_hash, &hash, now).await?;
        }
        let session = self.open_session(&mut tx, account, client, now).await?;
        tx.commit().await?;
        Ok(session)
    }
}

pub(crate) fn record_refusal(refused: &AccountError, user: Option<UserId>, address: IpAddr) {
    match refused {
        AccountError::InvalidCredentials => SecurityEvent::LoginFailed.record(user, address),
        AccountError::TooManyAttempts { .. } => SecurityEvent::LockedOut.record(user, address),
        _ => {}
    }
}
