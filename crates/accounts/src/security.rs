//! Security events for later investigation: one log line per event, under the target `security`, and a counter.

use crate::metrics;
use domain::ids::UserId;
use std::net::IpAddr;
use tracing::field::display;

/// A closed set: each variant is a label value of the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum SecurityEvent {
    SignedUp,
    LoginFailed,
    /// A login was refused without a check of the password, after too many failures.
    LockedOut,
    RefreshReused,
    RoleRefused,
}

impl SecurityEvent {
    /// `user` is the owner of the account, if it is known.
    pub fn record(self, user: Option<UserId>, address: IpAddr) {
        let event: &'static str = self.into();
        metrics::security_event(event);
        let (user, address) = (user.map(display), display(address.to_canonical()));
        match self {
            Self::SignedUp | Self::LoginFailed | Self::RoleRefused => {
                tracing::info!(target: "security", event, user.id = user, client.address = address, "security event");
            }
            Self::LockedOut | Self::RefreshReused => {
                tracing::warn!(target: "security", event, user.id = user, client.address = address, "security event");
            }
        }
    }
}
