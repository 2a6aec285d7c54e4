//! Lists users for admins and support, page by page, the newest first.

use crate::views::{UserCursor, UserFilter, UserItem};
use crate::{AccountError, Accounts, store};
use domain::ids::UserId;
use domain::page::{Page, PageSize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

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
        let mut connection = platform::postgres::reader(self.list_pool.current()).await?;
        let rows = store::list_users(&mut connection, filter, after, size.rows_max()).await?;
        Ok(size.cut(rows, |last| UserCursor(last.user.id)))
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
