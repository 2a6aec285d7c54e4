//! The names of the saga's steps. The timeline records them, so they are below both the orders and the saga.

use serde::{Deserialize, Serialize};

/// The name of a step, as it is stored.
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
pub enum StepName {
    ReserveStock,
    AuthorizePayment,
    BookShipments,
}
