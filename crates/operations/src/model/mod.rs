//! The data of operations, without any behaviour of the database: the use cases and the store are above it.

pub mod audit;
pub mod backlog;
pub mod failed_jobs;
pub mod idempotent_responses;
pub mod justification;
pub mod offender;
pub mod processes;
pub mod rate_ramp;
pub mod replays;
pub mod schedule;
