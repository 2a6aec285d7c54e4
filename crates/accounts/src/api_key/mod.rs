//! API keys as plain data: how machines authenticate. A key acts for its owner, within its scopes, until it expires or is
//! revoked.

mod secret;

pub(crate) use secret::{PREFIX, SecretHash, generate, parse};

use crate::Scopes;
use crate::account_status::AccountStatus;
use domain::Timestamp;
use domain::ids::UserId;
use secrecy::SecretString;
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

#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The key acts for this user.
    pub owner: UserId,
    pub name: String,
    /// At least one.
    pub scopes: Scopes,
    pub expires_at: Option<Timestamp>,
}

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyView {
    pub id: ApiKeyId,
    pub owner: UserId,
    pub name: String,
    pub scopes: Scopes,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub rotated_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// A key with its secret, which is shown only now.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    pub key: ApiKeyView,
    pub secret: SecretString,
}

/// The key that a request was sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    pub id: ApiKeyId,
    pub scopes: Scopes,
}

/// A key as it is stored, with the status of its owner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredKey {
    pub owner: UserId,
    pub status: AccountStatus,
    pub scopes: Scopes,
    pub secret_hash: SecretHash,
    pub previous: Option<(SecretHash, Timestamp)>,
    pub expires_at: Option<Timestamp>,
    pub is_revoked: bool,
}

impl StoredKey {
    pub fn is_valid(&self, now: Timestamp) -> bool {
        !self.is_revoked && !self.status.is_disabled && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    pub fn has_secret(&self, presented: &SecretHash, now: Timestamp) -> bool {
        let is_previous = self.previous.is_some_and(|(hash, until)| now < until && hash.is(presented));
        self.secret_hash.is(presented) || is_previous
    }
}
