//! What every request checks about the account of its caller.

use crate::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AccountStatus {
    pub role: Role,
    pub token_version: i32,
    pub is_disabled: bool,
    pub must_change_password: bool,
    /// The session of the token was revoked.
    pub session_ended: bool,
}
