//! Operations: the tools for running the system. Owns the schema `operations` (failed jobs, replays, audit log, stored
//! responses, schedule, processes).
//!
//! [`verify`] and [`measure()`] are the only modules that read the schemas of all slices; they write nothing.
//! Stores dead letters ([`FailedJobs`]), and publishes no messages except replayed ones ([`failed_jobs::replay`],
//! [`replays`]).

mod analyze;
pub mod audit;
pub mod failed_jobs;
pub mod idempotent_responses;
mod measure;
mod model;
pub mod personal_records;
pub mod processes;
pub mod replays;
pub mod schedule;
mod store;
pub mod verify;

pub use analyze::analyze;
pub use audit::Auditor;
pub use failed_jobs::FailedJobs;
pub use measure::{MEASURED_MAX, measure};
pub use model::backlog::{Backlog, OutboxDepth, PhaseBacklog};
pub use model::justification::Justification;
pub use store::StoreError;
