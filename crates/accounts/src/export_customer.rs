//! Returns everything that this slice knows of a user, without secrets.

use crate::store::{self, api_keys, erasures};
use crate::{AccountError, Accounts, ApiKeyView, Erasure, SessionView, UserItem};
use domain::ids::UserId;

/// The most sessions in an export; ended ones are deleted when their tokens have expired.
const SESSIONS_EXPORTED_MAX: u32 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountExport {
    pub user: UserItem,
    /// The newest first, ended ones included.
    pub sessions: Vec<SessionView>,
    pub api_keys: Vec<ApiKeyView>,
    /// How far the erasure is, if there is one.
    pub erasure: Option<Erasure>,
}

impl Accounts {
    pub async fn export_account(&self, id: UserId) -> Result<AccountExport, AccountError> {
        let mut connection = platform::postgres::reader(&self.pool).await?;
        let user = store::find_user_item(&mut connection, id).await?.ok_or(AccountError::UnknownUser)?;
        let sessions = store::all_sessions(&mut connection, id, SESSIONS_EXPORTED_MAX).await?;
        let api_keys = api_keys::list(&mut connection, id).await?;
        let erasure = erasures::find(&mut connection, id).await?;
        Ok(AccountExport { user, sessions, api_keys, erasure })
    }
}
