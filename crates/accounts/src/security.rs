//! What somebody looks for who must know afterwards who tried to get in: one log line each, under the target `security`.

use crate::metrics;
use domain::ids::UserId;
use std::net::IpAddr;
use tracing::field::display;

/// A closed set: each is a label of the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum SecurityEvent {
    SignedUp,
    LoginFailed,
    /// A login was refused unseen, after too many failed ones.
    LockedOut,
    RefreshReused,
    RoleRefused,
}

impl SecurityEvent {
    /// `user` is whose account it is about, if that is known.
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
