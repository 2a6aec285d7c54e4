//! The seven statuses of an order, as they are stored.

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
    strum::VariantNames,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OrderStatus {
    /// Accepted, priced, stored; the saga runs.
    Pending,
    /// Stock allocated, payment authorized, shipments booked.
    Confirmed,
    /// At least one shipment handed to its carrier.
    Shipped,
    /// Every open line delivered, cancelled or returned.
    Delivered,
    /// Refused; everything undone.
    Rejected,
    /// Semantic lock: compensation runs.
    Cancelling,
    /// Cancelled on request; everything undone.
    Cancelled,
}
