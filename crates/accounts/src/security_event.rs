//! The kinds of security events.

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
