//! Health, processes and metrics.

mod flow;
pub mod health;
pub mod live;
pub mod metrics;
pub mod ready;
pub mod workers;
