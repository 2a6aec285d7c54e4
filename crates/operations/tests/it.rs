//! Operations against a real database.

#[path = "it/measure.rs"]
mod measure;
#[path = "it/verify.rs"]
mod verify;
