//! Operations: owns schema `operations` (failed jobs, audit log, schedule, processes). What those who keep the house
//! running ask of it, and what it keeps for them.
//!
//! [`verify`] is the one place that reads the schemas of all slices; it reads them in one snapshot, and writes nothing.
//! Hears dead letters ([`FailedJobs`]), says nothing but what was said before ([`failed_jobs::replay`]).

mod analyze;
pub mod audit;
pub mod failed_jobs;
pub mod processes;
pub mod schedule;
mod store;
pub mod verify;

pub use analyze::analyze;
pub use audit::Auditor;
pub use failed_jobs::FailedJobs;
pub use store::BadRow;
