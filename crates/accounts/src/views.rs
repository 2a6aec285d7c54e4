//! What lists of this slice show, and what restricts them.

use crate::{Role, SessionId, User};
use domain::Timestamp;
use domain::ids::{OrderId, UserId};

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

/// A customer whose personal data were erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    pub customer: UserId,
    pub requested_at: Timestamp,
    /// How many orders were erased so far.
    pub orders: u64,
    /// The last of them.
    pub after: Option<OrderId>,
    /// `None` while orders may be left.
    pub completed_at: Option<Timestamp>,
}

impl UserFilter {
    /// The `LIKE` pattern of the prefix, in which nothing of the prefix is special.
    pub(crate) fn email_pattern(&self) -> Option<String> {
        let prefix = self.email_prefix.as_ref()?.to_ascii_lowercase();
        let escaped = prefix.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        Some(format!("{escaped}%"))
    }
}
