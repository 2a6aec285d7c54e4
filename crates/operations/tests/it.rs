//! Operations against a real database.

#[path = "it/measure.rs"]
mod measure;
#[path = "it/verify.rs"]
mod verify;

#[path = "it/columns.rs"]
mod columns;
#[path = "it/failed_jobs.rs"]
mod failed_jobs;
#[path = "it/replays.rs"]
mod replays;
#[path = "it/schedule.rs"]
mod schedule;
