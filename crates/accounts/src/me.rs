//! Returns the caller's own account.

use crate::{AccountError, Accounts, User, store};
use domain::ids::UserId;

impl Accounts {
    pub async fn me(&self, id: UserId) -> Result<User, AccountError> {
        let found = store::find_account(&mut *platform::postgres::reader(&self.pool).await?, id).await?;
        found.map(|account| account.user).ok_or(AccountError::UnknownUser)
    }
}
