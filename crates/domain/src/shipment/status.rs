//! The statuses of a shipment, as they are stored and reported; later ones are greater.

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
    /// Stored; the carrier is being called, or is about to be.
    Requested,
    /// The carrier has accepted the booking.
    Booked,
    /// Cancelled before the hand-over.
    Cancelled,
    /// The carrier has it. It can't be cancelled any more.
    HandedOver,
    InTransit,
    Delivered,
}
