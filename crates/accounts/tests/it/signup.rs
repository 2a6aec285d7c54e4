use crate::harness::{Desk, EMAIL, HERE, PASSWORD};
use accounts::{AccountError, Password, Role, SignUp};
use sqlx::PgPool;

fn request(email: &str, password: &str) -> SignUp {
    SignUp {
        email: email.parse().expect("an address"),
        password: Password::choose(password.into()).expect("a password"),
        full_name: None,
        address: HERE,
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn whoever_signs_up_is_a_customer_and_can_log_in(pool: PgPool) {
    let desk = Desk::open(pool);

    let session = desk.accounts.signup(request(EMAIL, PASSWORD), desk.now).await.unwrap();

    assert_eq!(session.user.role, Role::Customer);
    assert_eq!(desk.login(EMAIL, PASSWORD).await.unwrap().user, session.user);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_taken_address_is_left_as_it_was_in_any_case_of_letters(pool: PgPool) {
    let desk = Desk::open(pool);
    desk.accounts.signup(request(EMAIL, PASSWORD), desk.now).await.unwrap();

    let second = || request("Customer@ORDERS.local", "another password");
    let refused = desk.accounts.signup(second(), desk.now).await.unwrap_err();
    desk.accounts.signup_discreetly(second(), desk.now).await.unwrap();

    assert!(matches!(refused, AccountError::EmailTaken));
    assert!(desk.login(EMAIL, "another password").await.is_err());
    assert!(desk.login("CUSTOMER@orders.local", PASSWORD).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_a_hash_of_the_password_is_stored(pool: PgPool) {
    let desk = Desk::open(pool);

    desk.accounts.signup(request(EMAIL, PASSWORD), desk.now).await.unwrap();

    let hash = sqlx::query_scalar!("SELECT password_hash FROM accounts.users").fetch_one(&desk.pool).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains(PASSWORD));
}

#[sqlx::test(migrations = "../../migrations")]
async fn seeding_twice_makes_one_account_and_keeps_its_password(pool: PgPool) {
    let desk = Desk::open(pool);

    let first = desk.seed(EMAIL, Role::Admin).await;
    let second = desk.seed(EMAIL, Role::Admin).await;

    assert_eq!(first, second);
    assert_eq!(desk.login(EMAIL, PASSWORD).await.unwrap().user.role, Role::Admin);
}
