//! How the house is.

pub mod health;
pub mod live;
pub mod metrics;
pub mod ready;
pub mod workers;
