//! Signing up, in, on and out.

pub mod login;
pub mod logout;
pub mod me;
pub mod refresh;
pub mod session;
pub mod signup;
pub mod user;
