//! Operations: what those who keep the house running ask of it.
//!
//! [`verify`] and [`measure()`] are the only places that read the schemas of all slices; they write nothing.
//! Hears nothing, says nothing.

mod analyze;
mod measure;
mod store;
pub mod verify;

pub use analyze::analyze;
pub use measure::{MEASURED_MAX, OutboxDepth, SagaPhase, Waiting, measure};
