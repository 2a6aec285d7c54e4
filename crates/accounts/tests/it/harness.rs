//! The test harness: `Accounts` on the test's own database, and helpers to seed users and log in.

use accounts::{
    AccountError, Accounts, Login, LoginLimits, LoginThrottle, Password, PasswordHasher, Role, SecurityArgs, Session,
    Tokens, User, seed_user,
};
use chrono::TimeDelta;
use domain::Timestamp;
use secrecy::SecretString;
use sqlx::PgPool;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

pub const EMAIL: &str = "customer@orders.local";
pub const PASSWORD: &str = "CustomerPass123";
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

pub struct Harness {
    pub pool: PgPool,
    pub accounts: Accounts,
    pub hasher: PasswordHasher,
    pub now: Timestamp,
}

impl Harness {
    pub fn new(pool: PgPool) -> Self {
        Self::with_throttle(pool, LoginThrottle::new(None, LoginLimits::default()))
    }

    pub fn with_throttle(pool: PgPool, throttle: LoginThrottle) -> Self {
        let hasher = PasswordHasher::default();
        let tokens = Tokens::new(&security());
        let accounts = Accounts::new(pool.clone(), tokens, hasher.clone(), throttle, Duration::from_hours(1));
        Self { pool, accounts, hasher, now: platform::clock::now() }
    }

    pub fn after(&self, seconds: i64) -> Timestamp {
        self.now + TimeDelta::seconds(seconds)
    }

    pub async fn seed(&self, email: &str, role: Role) -> User {
        let password = Password::choose(PASSWORD.into()).expect("a password");
        let email = email.parse().expect("an address");
        seed_user(&self.pool, &self.hasher, email, password, role, self.now).await.expect("seeded")
    }

    pub async fn login(&self, email: &str, password: &str) -> Result<Session, AccountError> {
        self.login_from(email, password, HERE).await
    }

    pub async fn login_from(&self, email: &str, password: &str, address: IpAddr) -> Result<Session, AccountError> {
        let login = Login { email: email.to_owned(), password: password.into(), address };
        self.accounts.login(login, self.now).await
    }

    pub async fn refresh(&self, token: &SecretString, seconds_later: i64) -> Result<Session, AccountError> {
        self.accounts.refresh(token, HERE, self.after(seconds_later)).await
    }
}

pub fn security() -> SecurityArgs {
    SecurityArgs {
        secret_key: "a-key-of-at-least-thirty-two-bytes-1".into(),
        secret_key_previous: None,
        access_token_ttl_seconds: 900,
        refresh_token_ttl_seconds: 3_600,
        signup_hides_taken_emails: false,
    }
}

/// How many security events of this kind this process has counted, those of other tests included.
pub fn security_events(event: &str) -> u64 {
    let metrics = platform::metrics::text().expect("metrics");
    let of_event = format!("orderflow_security_events_total{{event=\"{event}\"}} ");
    let count = metrics.lines().find_map(|line| line.strip_prefix(&of_event));
    count.map_or(0, |count| count.parse().expect("a whole number"))
}
