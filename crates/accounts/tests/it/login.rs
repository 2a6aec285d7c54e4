//! Login: one response for every wrong guess, and stronger hashes over time.

use crate::harness::{EMAIL, Harness, LIFETIMES, PASSWORD, client};
use accounts::{AccountError, Accounts, Login, LoginLimits, LoginThrottle, PasswordHasher, Role, Tokens};
use sqlx::PgPool;
use std::time::Duration;

#[sqlx::test(migrations = "../../migrations")]
async fn the_right_password_opens_a_session(pool: PgPool) {
    let harness = Harness::new(pool);
    let user = harness.seed(EMAIL, Role::Customer).await;

    let session = harness.login(EMAIL, PASSWORD).await.unwrap();

    assert_eq!(session.user, user);
    assert_eq!(session.access.expires_in, Duration::from_mins(15));
    assert_eq!(harness.accounts.find_user(user.id).await.unwrap(), user);
}

#[sqlx::test(migrations = "../../migrations")]
async fn unknown_address_wrong_password_and_disabled_account_get_the_same_response_after_one_comparison_each(
    pool: PgPool,
) {
    let harness = Harness::new(pool);
    harness.seed(EMAIL, Role::Customer).await;
    harness.seed("disabled@orders.local", Role::Customer).await;
    disable(&harness.pool, "disabled@orders.local").await;
    let attempts = [
        (EMAIL, "WrongPass123"),
        ("nobody@orders.local", PASSWORD),
        ("no address at all", PASSWORD),
        ("disabled@orders.local", PASSWORD),
    ];

    for (email, password) in attempts {
        let before = harness.hasher.verifications();
        let refused = harness.login(email, password).await.unwrap_err();
        assert!(matches!(refused, AccountError::InvalidCredentials), "{email}: {refused}");
        assert_eq!(harness.hasher.verifications(), before + 1, "{email}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_weakly_hashed_password_is_hashed_again_at_login(pool: PgPool) {
    let harness = Harness::new(pool);
    harness.seed(EMAIL, Role::Customer).await;
    sqlx::query!("UPDATE accounts.users SET password_hash = $1", weak_hash()).execute(&harness.pool).await.unwrap();

    harness.login(EMAIL, PASSWORD).await.unwrap();

    let hash = sqlx::query_scalar!("SELECT password_hash FROM accounts.users").fetch_one(&harness.pool).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(harness.login(EMAIL, PASSWORD).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_login_is_refused_as_overloaded_while_every_core_is_busy(pool: PgPool) {
    let tokens = Tokens::new(&crate::harness::security());
    let throttle = LoginThrottle::new(None, LoginLimits::default());
    let no_core = PasswordHasher::new(0, Duration::from_millis(1));
    let accounts = Accounts::new(pool, tokens, no_core, throttle, LIFETIMES);

    let login = Login { email: EMAIL.into(), password: PASSWORD.into(), client: client() };
    let refused = accounts.login(login, platform::clock::now()).await.unwrap_err();

    assert!(matches!(refused, AccountError::Overloaded));
}

pub async fn disable(pool: &PgPool, email: &str) {
    let disabling = sqlx::query!("UPDATE accounts.users SET disabled_at = now() WHERE email = $1", email);
    disabling.execute(pool).await.expect("disabled");
}

fn weak_hash() -> String {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).expect("costs"));
    weak.hash_password(PASSWORD.as_bytes()).expect("a hash").to_string()
}
