//! The authenticated sender of a request, as plain data.

use crate::account_status::AccountStatus;
use crate::api_key::KeyUse;
use crate::{Role, SessionId};
use domain::Timestamp;
use domain::ids::UserId;

/// The authenticated sender of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    pub id: UserId,
    pub role: Role,
    /// `None` for a token that the version before issued.
    pub session: Option<SessionId>,
    /// Until they change it, they may do nothing else.
    pub must_change_password: bool,
    /// The API key that the request was sent with.
    pub key: Option<KeyUse>,
    /// When their token expires, with the leeway, or their key.
    pub until: Timestamp,
    pub(crate) token_version: i32,
}

impl Principal {
    pub(crate) fn of_key(id: UserId, status: AccountStatus, key: KeyUse, expires_at: Option<Timestamp>) -> Self {
        Self {
            id,
            role: status.role,
            session: None,
            must_change_password: status.must_change_password,
            key: Some(key),
            until: expires_at.unwrap_or(Timestamp::MAX_UTC),
            token_version: status.token_version,
        }
    }
}
