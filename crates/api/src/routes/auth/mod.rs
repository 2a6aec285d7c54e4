//! Sign-up, login, token refresh and logout.

pub mod login;
pub mod logout;
pub mod me;
pub mod refresh;
pub mod session;
pub mod signup;
pub mod user;
