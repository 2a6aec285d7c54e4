//! The states of a shipment, as they are stored and reported; later ones are greater.

use serde::{Deserialize, Serialize};

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
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
pub enum ShipmentStatus {
    /// Recorded; the carrier has been asked, or is about to be.
    Requested,
    /// The carrier will come for it.
    Booked,
    /// Called back before the carrier had it.
    Cancelled,
    /// The carrier has it: from here only forward.
    HandedOver,
    InTransit,
    Delivered,
}
