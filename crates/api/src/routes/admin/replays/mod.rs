//! Replays of many failed jobs: start, list, show, cancel.

pub mod cancel;
pub mod find;
pub mod list;
pub mod replay;
pub mod start;
