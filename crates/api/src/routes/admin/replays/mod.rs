//! Sending many failed jobs again.

pub mod cancel;
pub mod find;
pub mod list;
pub mod replay;
pub mod start;
