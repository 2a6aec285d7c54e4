//! Platform on a real database.

#[path = "it/begin.rs"]
mod begin;
