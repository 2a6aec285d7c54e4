//! The statuses of a payment, as they are stored and reported.

use serde::{Deserialize, Serialize};

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PaymentStatus {
    /// The authorization is requested; its outcome may be unknown.
    Authorizing,
    /// Nothing is captured yet.
    Authorized,
    PartlyCaptured,
    Captured,
    /// The whole captured amount is refunded.
    Refunded,
    Declined,
    /// The void is requested.
    Voiding,
    Voided,
}
