//! Operations: owns schema `operations` (failed jobs, replays, audit log, answers to keyed requests, schedule,
//! processes). What those who keep the house running ask of it, and what it keeps for them.
//!
//! [`verify`] and [`measure()`] are the only places that read the schemas of all slices; they write nothing.
//! Hears dead letters ([`FailedJobs`]), says nothing but what was said before ([`failed_jobs::replay`], [`replays`]).

mod analyze;
pub mod answers;
pub mod audit;
pub mod failed_jobs;
mod measure;
pub mod processes;
pub mod replays;
pub mod schedule;
mod store;
pub mod verify;

pub use analyze::analyze;
pub use audit::Auditor;
pub use failed_jobs::FailedJobs;
pub use measure::{MEASURED_MAX, OutboxDepth, SagaPhase, Waiting, measure};
pub use store::BadRow;
