//! Use case: a user changes their password.

use crate::hasher::Comparison;
use crate::login::record_refusal;
use crate::store::{self, Revocation};
use crate::{AccountError, Accounts, Client, Password, Principal};
use domain::Timestamp;
use secrecy::SecretString;

#[derive(Debug)]
pub struct PasswordChange {
    pub current: SecretString,
    pub new: Password,
    pub client: Client,
}

impl Accounts {
    /// Sets the new password, and ends all other sessions of the user. A wrong current password counts as a failed
    /// login.
    pub async fn change_password(
        &self,
        by: Principal,
        change: PasswordChange,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let account = store::find_account(&mut *platform::postgres::reader(&self.pool).await?, by.id).await?;
        let account = account.ok_or(AccountError::UnknownUser)?;
        let address = change.client.address;
        let admitted = self.throttle.admit(account.user.email.as_str(), address).await;
        let attempt = admitted.inspect_err(|refused| record_refusal(refused, Some(by.id), address))?;
        let compared = self.hasher.compare(change.current.clone(), Some(account.password_hash.clone())).await?;
        if compared == Comparison::Different {
            let failed = self.throttle.failed(&attempt).await.err().unwrap_or(AccountError::WrongPassword);
            record_refusal(&failed, Some(by.id), address);
            return Err(failed);
        }
        self.throttle.succeeded(&attempt).await?;
        change.new.ensure_fits(&account.user.email, &self.forbidden_words)?;
        if self.hasher.compare(change.new.to_secret(), Some(account.password_hash.clone())).await?
            != Comparison::Different
        {
            return Err(AccountError::SamePassword);
        }
        let hash = self.hasher.hash(change.new.into_secret()).await?;
        let mut tx = platform::postgres::begin(&self.pool).await?;
        // An operator may have reset the password since it was compared.
        let current = store::lock_accounts(&mut tx, &[by.id]).await?.pop();
        if current.is_none_or(|current| current.password_hash != account.password_hash) {
            return Err(AccountError::WrongPassword);
        }
        store::set_password(&mut tx, by.id, &hash, false, now).await?;
        store::revoke_sessions_of(&mut tx, by.id, by.session, Revocation::PasswordChange, now).await?;
        tx.commit().await?;
        self.forget_status(by.id);
        Ok(())
    }
}
