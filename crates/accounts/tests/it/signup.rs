//! Sign-up and seeding of accounts.

use crate::harness::{EMAIL, Harness, PASSWORD, client};
use accounts::{AccountError, Password, Role, SignUp};
use sqlx::PgPool;

fn request(email: &str, password: &str) -> SignUp {
    SignUp {
        email: email.parse().expect("an address"),
        password: Password::choose(password.into()).expect("a password"),
        full_name: None,
        client: client(),
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_new_account_is_a_customer_and_can_log_in(pool: PgPool) {
    let harness = Harness::new(pool);

    let session = harness.accounts.signup(request(EMAIL, PASSWORD), harness.now).await.unwrap();

    assert_eq!(session.user.role, Role::Customer);
    assert_eq!(harness.login(EMAIL, PASSWORD).await.unwrap().user, session.user);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_taken_address_keeps_its_account_whatever_the_case_of_its_letters(pool: PgPool) {
    let harness = Harness::new(pool);
    harness.accounts.signup(request(EMAIL, PASSWORD), harness.now).await.unwrap();

    let second = || request("Customer@ORDERS.local", "another password");
    let refused = harness.accounts.signup(second(), harness.now).await.unwrap_err();
    harness.accounts.signup_discreetly(second(), harness.now).await.unwrap();

    assert!(matches!(refused, AccountError::EmailTaken));
    assert!(harness.login(EMAIL, "another password").await.is_err());
    assert!(harness.login("CUSTOMER@orders.local", PASSWORD).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_a_hash_of_the_password_is_stored(pool: PgPool) {
    let harness = Harness::new(pool);

    harness.accounts.signup(request(EMAIL, PASSWORD), harness.now).await.unwrap();

    let hash = sqlx::query_scalar!("SELECT password_hash FROM accounts.users").fetch_one(&harness.pool).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains(PASSWORD));
}

#[sqlx::test(migrations = "../../migrations")]
async fn seeding_twice_creates_one_account_and_keeps_its_password(pool: PgPool) {
    let harness = Harness::new(pool);

    let first = harness.seed(EMAIL, Role::Admin).await;
    let second = harness.seed(EMAIL, Role::Admin).await;

    assert_eq!(first, second);
    assert_eq!(harness.login(EMAIL, PASSWORD).await.unwrap().user.role, Role::Admin);
}
