//! What the saga knows of the order's authorization after the confirmation.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct SagaAuthorization {
    pub state: AuthorizationState,
    /// How often its reauthorization was requested: the number of the last attempt.
    #[serde(default)]
    pub reauthorizations: u32,
    /// When it was checked last whether it has to be renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AuthorizationState {
    #[default]
    Valid,
    /// The command that renews it is repeated until its reply.
    ReauthorizationOpen,
    /// The gateway declined to renew it, for this reason. A person has to act.
    ReauthorizationDeclined(String),
    /// Nothing of it will be captured: the command that voids it is repeated until its reply.
    VoidOpen,
    Voided,
}

impl SagaAuthorization {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub fn has_open_command(&self) -> bool {
        matches!(self.state, AuthorizationState::ReauthorizationOpen | AuthorizationState::VoidOpen)
    }

    /// It is voided, or will be.
    pub fn is_given_up(&self) -> bool {
        matches!(self.state, AuthorizationState::VoidOpen | AuthorizationState::Voided)
    }
}
