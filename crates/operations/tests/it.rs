//! Operations against a real database.

#[path = "it/verify.rs"]
mod verify;
