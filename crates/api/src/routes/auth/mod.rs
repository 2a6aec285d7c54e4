//! Sign-up, login, token refresh, sessions, password and logout.

pub mod end_session;
pub mod login;
pub mod logout;
pub mod logout_all;
pub mod me;
pub mod password;
pub mod refresh;
pub mod session;
pub mod sessions;
pub mod signup;
pub mod user;
