//! Returns a user by id or by e-mail address.

use crate::{AccountError, Accounts, Email, User, store};
use domain::ids::UserId;

impl Accounts {
    pub async fn find_user(&self, id: UserId) -> Result<User, AccountError> {
        let found = store::find_account(&mut *platform::postgres::reader(&self.pool).await?, id).await?;
        found.map(|account| account.user).ok_or(AccountError::UnknownUser)
    }

    pub async fn find_user_by_email(&self, email: &Email) -> Result<User, AccountError> {
        let found = store::find_account_by_email(&mut *platform::postgres::reader(&self.pool).await?, email).await?;
        found.map(|account| account.user).ok_or(AccountError::UnknownUser)
    }
}
