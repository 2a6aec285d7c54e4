//! Platform: the infrastructure of every process. Configuration, logs, metrics, connection pools, clock, shutdown.
//! Depends on no slice and not on the domain.

pub mod audit;
pub mod clock;
pub mod config;
pub mod consistency;
pub mod lifecycle;
pub mod metrics;
pub mod network;
pub mod postgres;
pub mod rate_limit;
pub mod redis;
pub mod response;
pub mod runtime;
pub mod telemetry;
