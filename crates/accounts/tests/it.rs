//! Accounts on a real Postgres: what each use case promises.

#[path = "it/access_token.rs"]
mod access_token;
#[path = "it/harness.rs"]
mod harness;
#[path = "it/login.rs"]
mod login;
#[path = "it/refresh.rs"]
mod refresh;
#[path = "it/roles.rs"]
mod roles;
#[path = "it/signup.rs"]
mod signup;
#[path = "it/throttle.rs"]
mod throttle;
