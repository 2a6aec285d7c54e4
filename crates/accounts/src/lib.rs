//! Accounts: owns schema `accounts` (users, refresh tokens). Who somebody is, and what role they have.
//! Called by the api and by `orderctl`. Hears and says no messages; knows no other slice.

mod account_status_cache;
mod config;
mod email;
mod error;
mod full_name;
mod grant_role;
mod hasher;
mod login;
mod logout;
mod me;
pub mod metrics;
mod password;
mod prune;
mod refresh;
mod refresh_token;
mod role;
mod security;
mod seed_user;
mod session;
mod signup;
mod store;
mod throttle;
mod tokens;
mod verify_access_token;

pub use config::SecurityArgs;
pub use email::{Email, EmailError};
pub use error::{AccountError, TokenError};
pub use full_name::{FullName, FullNameError};
pub use hasher::PasswordHasher;
pub use login::Login;
pub use password::{Password, PasswordError};
pub use prune::prune_refresh_tokens;
pub use role::Role;
pub use security::SecurityEvent;
pub use seed_user::seed_user;
pub use session::Session;
pub use signup::SignUp;
pub use throttle::{LoginLimits, LoginThrottle};
pub use tokens::{IssuedToken, Tokens};
pub use verify_access_token::Principal;

use account_status_cache::Standings;
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    pub full_name: Option<FullName>,
    pub role: Role,
    pub created_at: Timestamp,
}

/// The slice's use cases; cheap to clone. Each stands in the file of its name.
#[derive(Debug, Clone)]
pub struct Accounts {
    pool: PgPool,
    /// Every request is looked up there, whatever it is for.
    standing_pool: PgPool,
    tokens: Tokens,
    hasher: PasswordHasher,
    throttle: LoginThrottle,
    standings: Arc<Standings>,
    refresh_token_ttl: Duration,
}

impl Accounts {
    pub fn new(
        pool: PgPool,
        tokens: Tokens,
        hasher: PasswordHasher,
        throttle: LoginThrottle,
        refresh_token_ttl: Duration,
    ) -> Self {
        let standing_pool = pool.clone();
        Self { pool, standing_pool, tokens, hasher, throttle, standings: Arc::default(), refresh_token_ttl }
    }

    /// Whether an account stands is looked up there and not among everything else.
    #[must_use]
    pub fn looking_up_standings_in(self, standing_pool: PgPool) -> Self {
        Self { standing_pool, ..self }
    }
}
