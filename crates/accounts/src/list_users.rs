//! Lists users for admins and support, page by page, the newest first.

use crate::{AccountError, Accounts, Email, Role, User, store};
use domain::Timestamp;
use domain::ids::UserId;
use domain::page::{Page, PageSize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// The beginning of the e-mail address.
    pub email_prefix: Option<String>,
    pub id: Option<UserId>,
    pub role: Option<Role>,
    pub is_disabled: Option<bool>,
}

/// A user in the list of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserItem {
    pub user: User,
    pub disabled_at: Option<Timestamp>,
    pub must_change_password: bool,
}

/// The last user of a page. It grants no access, so it is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserCursor(pub(crate) UserId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of users")]
pub struct InvalidUserCursor;

impl Accounts {
    pub async fn list_users(
        &self,
        filter: &UserFilter,
        after: Option<UserCursor>,
        size: PageSize,
    ) -> Result<Page<UserItem, UserCursor>, AccountError> {
        let mut connection = self.pool.acquire().await?;
        let rows = store::list_users(&mut connection, filter, after, size.rows_max()).await?;
        Ok(size.cut(rows, |last| UserCursor(last.user.id)))
    }

    /// The user with this e-mail address.
    pub async fn find_user(&self, email: &Email) -> Result<User, AccountError> {
        let found = store::find_account_by_email(&mut *self.pool.acquire().await?, email).await?;
        found.map(|account| account.user).ok_or(AccountError::UnknownUser)
    }
}

impl UserFilter {
    /// The `LIKE` pattern of the prefix, in which nothing of the prefix is special.
    pub(crate) fn email_pattern(&self) -> Option<String> {
        let prefix = self.email_prefix.as_ref()?.to_ascii_lowercase();
        let escaped = prefix.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        Some(format!("{escaped}%"))
    }
}

impl fmt::Display for UserCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_uuid().simple())
    }
}

impl FromStr for UserCursor {
    type Err = InvalidUserCursor;

    fn from_str(text: &str) -> Result<Self, InvalidUserCursor> {
        Uuid::try_parse(text).map(|id| Self(UserId::from_uuid(id))).map_err(|_| InvalidUserCursor)
    }
}
