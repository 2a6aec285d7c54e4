//! How long sessions and their refresh tokens last.

use domain::Timestamp;
use std::time::Duration;

#[derive(Debug, Clone, Copy)]
pub struct SessionLifetimes {
    pub refresh_token: Duration,
    pub session: Duration,
}

impl SessionLifetimes {
    pub(crate) fn of_refresh_token(self, session_created_at: Timestamp, now: Timestamp) -> Duration {
        let left = (session_created_at + self.session - now).to_std().unwrap_or(Duration::ZERO);
        self.refresh_token.min(left)
    }

    pub(crate) fn is_over(self, session_created_at: Timestamp, now: Timestamp) -> bool {
        session_created_at + self.session <= now
    }
}
