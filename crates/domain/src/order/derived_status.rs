//! How far an order's money and goods have come, as it is stored for filtering. Both follow from the timeline.

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
    Unpaid,
    Authorized,
    Declined,
    /// Taken for some shipments.
    PartlyCaptured,
    /// Taken for all of them.
    Captured,
    /// What was set aside, if anything, is let go.
    Voided,
    Refunded,
}

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
pub enum FulfilmentStatus {
    Unallocated,
    /// Stock is held.
    Allocated,
    /// The carrier will come.
    Booked,
    /// Some shipments are with their carriers.
    PartlyShipped,
    Shipped,
    Delivered,
    /// What was held, if anything, is given back.
    Released,
}
