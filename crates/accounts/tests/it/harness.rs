//! The test harness: `Accounts` on the test's own database, and helpers to seed users and log in.

use accounts::{
    AccountError, Accounts, Client, FormerVendor, Login, LoginLimits, LoginThrottle, Password, PasswordHasher,
    Principal, Role, SecurityArgs, Session, SessionLifetimes, Tokens, User, seed_user,
};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::UserId;
use platform::audit::NoAudit;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{PgConnection, PgPool};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::time::Duration;

pub const EMAIL: &str = "customer@orders.local";
pub const PASSWORD: &str = "CustomerPass123";
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

pub const LIFETIMES: SessionLifetimes =
    SessionLifetimes { refresh_token: Duration::from_hours(1), session: Duration::from_hours(10) };

pub struct Harness {
    pub pool: PgPool,
    pub accounts: Accounts,
    pub hasher: PasswordHasher,
    /// Those who stopped selling.
    pub former_vendors: FormerVendors,
    pub now: Timestamp,
}

impl Harness {
    pub fn new(pool: PgPool) -> Self {
        Self::with_throttle(pool, LoginThrottle::new(None, LoginLimits::default()))
    }

    pub fn with_throttle(pool: PgPool, throttle: LoginThrottle) -> Self {
        let hasher = PasswordHasher::default();
        let tokens = Tokens::new(&security());
        let accounts = Accounts::new(pool.clone(), tokens, hasher.clone(), throttle, LIFETIMES);
        Self { pool, accounts, hasher, former_vendors: FormerVendors::default(), now: platform::clock::now() }
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
        let login =
            Login { email: email.to_owned(), password: password.into(), client: Client::new(address, Some("test/1")) };
        self.accounts.login(login, self.now).await
    }

    pub async fn grant(&self, user: UserId, role: Role, by: UserId) -> Result<User, AccountError> {
        self.accounts.grant_role(user, role, by, self.now, (&NoAudit, &self.former_vendors)).await
    }

    pub async fn verify(&self, session: &Session, seconds_later: i64) -> Result<Principal, AccountError> {
        let token = session.access.token.expose_secret();
        self.accounts.verify_access_token(token, self.after(seconds_later)).await
    }

    pub async fn refresh(&self, token: &SecretString, seconds_later: i64) -> Result<Session, AccountError> {
        self.accounts.refresh(token, &client(), self.after(seconds_later)).await
    }
}

#[derive(Debug, Default)]
pub struct FormerVendors(pub Mutex<Vec<UserId>>);

impl FormerVendor for FormerVendors {
    async fn stop_selling(&self, _tx: &mut PgConnection, vendor: UserId, _now: Timestamp) -> sqlx::Result<()> {
        self.0.lock().expect("not poisoned").push(vendor);
        Ok(())
    }
}

pub fn client() -> Client {
    Client::new(HERE, Some("test/1"))
}

pub fn security() -> SecurityArgs {
    SecurityArgs {
        secret_key: "a-key-of-at-least-thirty-two-bytes-1".into(),
        secret_key_previous: None,
        access_token_ttl_seconds: 900,
        refresh_token_ttl_seconds: 3_600,
        session_ttl_seconds: 7_776_000,
        password_forbidden_words: Vec::new(),
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
