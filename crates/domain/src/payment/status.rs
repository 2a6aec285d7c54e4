//! The states of a payment, as they are stored and reported.

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
    /// The gateway is asked; what it did may be unknown.
    Authorizing,
    /// Set aside, nothing taken.
    Authorized,
    PartlyCaptured,
    Captured,
    /// All that was taken is given back.
    Refunded,
    Declined,
    /// To be let go.
    Voiding,
    Voided,
}
