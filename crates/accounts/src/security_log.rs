//! Security events for later investigation: one log line per event, under the target `security`, and a counter.

use crate::metrics;
use crate::security_event::SecurityEvent;
use domain::ids::UserId;
use std::net::IpAddr;
use tracing::field::display;

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
