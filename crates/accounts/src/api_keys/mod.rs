//! Use cases of API keys: create, list, rotate, revoke, and authenticate a request by one.

mod manage;
mod verify;

pub use manage::OVERLAP_MAX;
