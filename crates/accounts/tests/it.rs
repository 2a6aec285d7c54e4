//! Integration tests of accounts on a real Postgres.

#[path = "it/access_token.rs"]
mod access_token;
#[path = "it/api_keys.rs"]
mod api_keys;
#[path = "it/harness.rs"]
mod harness;
#[path = "it/login.rs"]
mod login;
#[path = "it/people.rs"]
mod people;
#[path = "it/refresh.rs"]
mod refresh;
#[path = "it/roles.rs"]
mod roles;
#[path = "it/signup.rs"]
mod signup;
#[path = "it/throttle.rs"]
mod throttle;
