//! Lists the open sessions of a user.

use crate::{AccountError, Accounts, SessionView, store};
use domain::Timestamp;
use domain::ids::UserId;

/// The most sessions that are listed.
pub const SESSIONS_LISTED_MAX: u32 = 100;

impl Accounts {
    /// The newest first, at most [`SESSIONS_LISTED_MAX`].
    pub async fn list_sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionView>, AccountError> {
        let mut connection = platform::postgres::reader(&self.pool).await?;
        Ok(store::list_sessions(&mut connection, user, now, SESSIONS_LISTED_MAX).await?)
    }
}
