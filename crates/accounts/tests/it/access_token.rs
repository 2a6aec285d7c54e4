use crate::harness::{Desk, EMAIL, PASSWORD};
use crate::login::disable;
use accounts::{AccountError, Role, TokenError};
use secrecy::ExposeSecret;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_token_names_its_owner_and_their_role(pool: PgPool) {
    let desk = Desk::open(pool);
    let vendor = desk.seed(EMAIL, Role::Vendor).await;
    let session = desk.login(EMAIL, PASSWORD).await.unwrap();

    let principal = desk.accounts.verify_access_token(session.access.token.expose_secret(), desk.now).await.unwrap();

    assert_eq!((principal.id, principal.role), (vendor.id, Role::Vendor));
    // A quarter of an hour, and the leeway.
    assert_eq!(principal.until.timestamp(), desk.after(905).timestamp());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_disabled_users_token_is_revoked_within_seconds(pool: PgPool) {
    let desk = Desk::open(pool);
    desk.seed(EMAIL, Role::Customer).await;
    let session = desk.login(EMAIL, PASSWORD).await.unwrap();
    let token = session.access.token.expose_secret();
    assert!(desk.accounts.verify_access_token(token, desk.now).await.is_ok());

    disable(&desk.pool, EMAIL).await;

    let refused = desk.accounts.verify_access_token(token, desk.after(5)).await.unwrap_err();
    assert!(matches!(refused, AccountError::Token(TokenError::Revoked)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_removed_users_token_is_revoked(pool: PgPool) {
    let desk = Desk::open(pool);
    desk.seed(EMAIL, Role::Customer).await;
    let session = desk.login(EMAIL, PASSWORD).await.unwrap();

    sqlx::query!("DELETE FROM accounts.users").execute(&desk.pool).await.unwrap();

    let refused = desk.accounts.verify_access_token(session.access.token.expose_secret(), desk.now).await.unwrap_err();
    assert!(matches!(refused, AccountError::Token(TokenError::Revoked)));
}
