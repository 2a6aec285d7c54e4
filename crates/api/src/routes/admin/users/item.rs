//! The response body of a user in the list of users.

use crate::docs::sets::UserStatusSet;
use crate::routes::auth::user::UserBody;
use accounts::UserItem;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

domain::string_enum! {
    pub enum UserStatus {
        Active,
        /// Can't log in, and has no sessions.
        Disabled,
    }
}

/// A user account, as admins and support see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserItemBody {
    #[serde(flatten)]
    user: UserBody,
    #[schema(value_type = UserStatusSet, inline)]
    status: UserStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<DateTime<Utc>>,
    /// Whether the user must change the password at the next login.
    #[schema(example = false)]
    must_change_password: bool,
}

impl From<UserItem> for UserItemBody {
    fn from(UserItem { user, disabled_at, must_change_password }: UserItem) -> Self {
        let status = if disabled_at.is_some() { UserStatus::Disabled } else { UserStatus::Active };
        Self { user: user.into(), status, disabled_at, must_change_password }
    }
}
