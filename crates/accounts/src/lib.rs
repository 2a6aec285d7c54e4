//! Accounts: owns schema `accounts` (users, refresh tokens). Authenticates users and knows their roles. Called by the
//! api and by `orderctl`. Neither consumes nor publishes messages; depends on no other slice.

mod account_status;
mod api_key;
mod api_keys;
mod authenticate;
mod change_password;
mod client;
mod config;
mod create_user;
mod erase_customer;
mod error;
mod export_customer;
mod find_user;
mod full_name;
mod hasher;
mod list_sessions;
mod list_users;
mod login;
mod logout;
pub mod metrics;
mod password;
mod principal;
mod prune;
mod refresh;
mod role;
mod scope;
mod secret_token;
mod security_event;
mod security_log;
mod session;
mod session_id;
mod session_lifetimes;
mod signup;
mod status_cache;
mod store;
mod stream_ticket;
mod throttle;
mod tokens;
mod update_user;
mod views;

pub use api_key::{ApiKeyId, ApiKeyView, IssuedKey, KeyManager, KeyUse, NewApiKey};
pub use api_keys::OVERLAP_MAX;
pub use change_password::PasswordChange;
pub use client::Client;
pub use config::SecurityArgs;
pub use create_user::{NewUser, seed_user};
pub use domain::email::{Email, EmailError};
pub use erase_customer::{PersonalRecords, pending_erasures, save_erasure};
pub use error::{AccountError, TokenError};
pub use export_customer::AccountExport;
pub use full_name::{FullName, FullNameError};
pub use hasher::PasswordHasher;
pub use list_sessions::SESSIONS_LISTED_MAX;
pub use list_users::InvalidUserCursor;
pub use login::Login;
pub use password::{Password, PasswordError};
pub use principal::Principal;
pub use prune::prune_refresh_tokens;
pub use role::Role;
pub use scope::{Scope, Scopes};
pub use security_event::SecurityEvent;
pub use session::Session;
pub use session_id::SessionId;
pub use session_lifetimes::SessionLifetimes;
pub use signup::SignUp;
pub use stream_ticket::IssuedTicket;
pub use throttle::{LoginLimits, LoginThrottle};
pub use tokens::{IssuedToken, Tokens};
pub use update_user::{ChangedBy, FormerVendor, UserChange};
pub use views::{Erasure, SessionView, UserCursor, UserFilter, UserItem};

use account_status::AccountStatus;
use api_key::StoredKey;
use domain::Timestamp;
use domain::ids::UserId;
use platform::postgres::ListPool;
use sqlx::PgPool;
use status_cache::StatusCache;
use std::sync::Arc;
use std::time::Duration;

/// A user, without their credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    pub full_name: Option<FullName>,
    pub role: Role,
    pub created_at: Timestamp,
}

/// The slice's use cases; cheap to clone. Each is in the file of its name.
#[derive(Debug, Clone)]
pub struct Accounts {
    pool: PgPool,
    /// Used to check the account of every request.
    status_pool: PgPool,
    list_pool: ListPool,
    tokens: Tokens,
    hasher: PasswordHasher,
    throttle: LoginThrottle,
    /// By user and session.
    status_cache: Arc<StatusCache<(UserId, Option<SessionId>), AccountStatus>>,
    key_cache: Arc<StatusCache<ApiKeyId, StoredKey>>,
    lifetimes: SessionLifetimes,
    /// Words that no password may consist of.
    forbidden_words: Arc<[String]>,
}

impl Accounts {
    pub fn new(
        pool: PgPool,
        tokens: Tokens,
        hasher: PasswordHasher,
        throttle: LoginThrottle,
        lifetimes: SessionLifetimes,
    ) -> Self {
        let (status_pool, list_pool) = (pool.clone(), ListPool::of_primary(pool.clone()));
        Self {
            pool,
            status_pool,
            list_pool,
            tokens,
            hasher,
            throttle,
            status_cache: Arc::default(),
            key_cache: Arc::default(),
            lifetimes,
            forbidden_words: Arc::default(),
        }
    }

    /// For tools of operators: the tokens that it issues are not accepted anywhere.
    pub fn of_operator(pool: PgPool) -> Self {
        let throttle = LoginThrottle::new(None, LoginLimits::default());
        let lifetimes = SessionLifetimes { refresh_token: Duration::ZERO, session: Duration::ZERO };
        Self::new(pool, Tokens::unaccepted(), PasswordHasher::default(), throttle, lifetimes)
    }

    /// After a change of the user: the next request of each of their credentials reads the status again.
    fn forget_status(&self, user: UserId) {
        self.status_cache.invalidate_if(|(owner, _session)| *owner == user);
        self.key_cache.invalidate_if(|_| true);
    }

    #[must_use]
    pub fn with_forbidden_words(self, words: Vec<String>) -> Self {
        Self { forbidden_words: words.into(), ..self }
    }

    /// Lists users through this pool.
    #[must_use]
    pub fn with_list_pool(self, list_pool: ListPool) -> Self {
        Self { list_pool, ..self }
    }

    /// Queries the status of accounts through a pool of its own, so that these queries don't compete with other work.
    #[must_use]
    pub fn with_status_pool(self, status_pool: PgPool) -> Self {
        Self { status_pool, ..self }
    }
}
