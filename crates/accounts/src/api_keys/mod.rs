//! API keys: how machines authenticate. A key acts for its owner, within its scopes, until it expires or is revoked.

mod manage;
mod secret;
mod verify;

pub use manage::{ApiKeyView, IssuedKey, NewApiKey, OVERLAP_MAX};
pub(crate) use secret::{PREFIX, SecretHash};
pub use verify::KeyUse;
pub(crate) use verify::StoredKey;

use domain::ids::UserId;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct ApiKeyId(Uuid);

impl ApiKeyId {
    pub(crate) const fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ApiKeyId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_no_uuid| "must be a UUID")
    }
}

/// Whose keys an action concerns: an owner manages only their own, an admin those of everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyManager {
    Owner(UserId),
    Admin(UserId),
}

impl KeyManager {
    pub(crate) fn id(self) -> UserId {
        match self {
            Self::Owner(id) | Self::Admin(id) => id,
        }
    }

    /// The owner to which the action is limited.
    pub(crate) fn owner(self) -> Option<UserId> {
        match self {
            Self::Owner(owner) => Some(owner),
            Self::Admin(_) => None,
        }
    }
}
