//! Operations: what those who keep the house running ask of it.
//!
//! [`verify`] is the one place that reads the schemas of all slices; it reads them in one snapshot, and writes nothing.
//! Hears nothing, says nothing.

mod analyze;
mod store;
pub mod verify;

pub use analyze::analyze;
