//! Platform: what every process needs whatever it does. Configuration, logs, metrics, pools, clock, shutdown.
//! Knows no slice and no domain.

pub mod answer;
pub mod audit;
pub mod clock;
pub mod config;
pub mod lifecycle;
pub mod metrics;
pub mod postgres;
pub mod redis;
pub mod runtime;
pub mod telemetry;
