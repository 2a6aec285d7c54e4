//! Access tokens are verified against the current state of their account.

use crate::harness::{EMAIL, Harness, PASSWORD};
use crate::login::disable;
use accounts::{AccountError, Role, TokenError};
use secrecy::ExposeSecret;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_token_names_its_owner_and_their_role(pool: PgPool) {
    let harness = Harness::new(pool);
    let vendor = harness.seed(EMAIL, Role::Vendor).await;
    let session = harness.login(EMAIL, PASSWORD).await.unwrap();

    let principal =
        harness.accounts.verify_access_token(session.access.token.expose_secret(), harness.now).await.unwrap();

    assert_eq!((principal.id, principal.role), (vendor.id, Role::Vendor));
    // A quarter of an hour, and the leeway.
    assert_eq!(principal.until.timestamp(), harness.after(905).timestamp());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_disabled_users_token_is_revoked_within_seconds(pool: PgPool) {
    let harness = Harness::new(pool);
    harness.seed(EMAIL, Role::Customer).await;
    let session = harness.login(EMAIL, PASSWORD).await.unwrap();
    let token = session.access.token.expose_secret();
    assert!(harness.accounts.verify_access_token(token, harness.now).await.is_ok());

    disable(&harness.pool, EMAIL).await;

    let refused = harness.accounts.verify_access_token(token, harness.after(5)).await.unwrap_err();
    assert!(matches!(refused, AccountError::Token(TokenError::Revoked)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_removed_users_token_is_revoked(pool: PgPool) {
    let harness = Harness::new(pool);
    harness.seed(EMAIL, Role::Customer).await;
    let session = harness.login(EMAIL, PASSWORD).await.unwrap();

    sqlx::query!("DELETE FROM accounts.users").execute(&harness.pool).await.unwrap();

    let refused =
        harness.accounts.verify_access_token(session.access.token.expose_secret(), harness.now).await.unwrap_err();
    assert!(matches!(refused, AccountError::Token(TokenError::Revoked)));
}
