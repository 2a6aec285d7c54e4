//! Refresh token rotation, reuse detection, logout and pruning.

use crate::harness::{EMAIL, Harness, LIFETIMES, PASSWORD, security_events};
use crate::login::disable;
use accounts::{AccountError, Role, Session, TokenError, prune_refresh_tokens};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;

async fn signed_in(pool: PgPool) -> (Harness, Session) {
    let harness = Harness::new(pool);
    harness.seed(EMAIL, Role::Customer).await;
    let session = harness.login(EMAIL, PASSWORD).await.expect("signed in");
    (harness, session)
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refresh_token_is_rotated_again_and_again(pool: PgPool) {
    let (harness, first) = signed_in(pool).await;

    let second = harness.refresh(&first.refresh_token, 60).await.unwrap();
    let third = harness.refresh(&second.refresh_token, 120).await.unwrap();

    assert_ne!(second.refresh_token.expose_secret(), first.refresh_token.expose_secret());
    let access = third.access.token.expose_secret();
    assert!(harness.accounts.verify_access_token(access, harness.after(120)).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_used_token_that_is_presented_again_revokes_its_whole_family(pool: PgPool) {
    let (harness, first) = signed_in(pool).await;
    let second = harness.refresh(&first.refresh_token, 60).await.unwrap();
    let events = security_events("refresh_reused");

    let reused = harness.refresh(&first.refresh_token, 121).await.unwrap_err();

    assert!(matches!(reused, AccountError::RefreshTokenReused));
    assert!(security_events("refresh_reused") > events);
    let sibling = harness.refresh(&second.refresh_token, 122).await.unwrap_err();
    assert!(matches!(sibling, AccountError::InvalidRefreshToken));
    assert!(harness.login(EMAIL, PASSWORD).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_response_is_repeated_once_within_a_minute_and_replaces_its_tokens(pool: PgPool) {
    let (harness, first) = signed_in(pool).await;
    let _lost = harness.refresh(&first.refresh_token, 60).await.unwrap();

    let again = harness.refresh(&first.refresh_token, 120).await.unwrap();
    let third_time = harness.refresh(&first.refresh_token, 120).await.unwrap_err();

    assert!(matches!(third_time, AccountError::RefreshInProgress));
    assert!(harness.refresh(&again.refresh_token, 130).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_replaced_token_that_is_presented_after_all_ends_the_session(pool: PgPool) {
    let (harness, first) = signed_in(pool).await;
    let received = harness.refresh(&first.refresh_token, 60).await.unwrap();
    let stolen = harness.refresh(&first.refresh_token, 70).await.unwrap();
    let events = security_events("refresh_reused");

    let refused = harness.refresh(&received.refresh_token, 900).await.unwrap_err();

    assert!(matches!(refused, AccountError::RefreshTokenReused));
    assert!(security_events("refresh_reused") > events);
    assert!(matches!(harness.refresh(&stolen.refresh_token, 901).await, Err(AccountError::InvalidRefreshToken)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_token_whose_successor_was_used_ends_the_session_within_the_grace_too(pool: PgPool) {
    let (harness, first) = signed_in(pool).await;
    let second = harness.refresh(&first.refresh_token, 10).await.unwrap();
    let third = harness.refresh(&second.refresh_token, 20).await.unwrap();

    let reused = harness.refresh(&first.refresh_token, 30).await.unwrap_err();

    assert!(matches!(reused, AccountError::RefreshTokenReused));
    assert!(matches!(harness.refresh(&third.refresh_token, 40).await, Err(AccountError::InvalidRefreshToken)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_concurrent_exchanges_of_one_token_one_successor_remains(pool: PgPool) {
    let (harness, first) = signed_in(pool).await;

    let tries = (0..8).map(|_| harness.refresh(&first.refresh_token, 1));
    let outcomes = futures::future::join_all(tries).await;

    let in_progress = |outcome: &&Result<_, _>| matches!(outcome, Err(AccountError::RefreshInProgress));
    assert_eq!(outcomes.iter().filter(in_progress).count(), 6);
    let valid = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM accounts.refresh_tokens WHERE used_at IS NULL AND replaced_at IS NULL"#
    );
    assert_eq!(valid.fetch_one(&harness.pool).await.unwrap(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_session_ends_at_its_limit_however_often_it_is_refreshed(pool: PgPool) {
    let (harness, mut session) = signed_in(pool).await;
    let limit = i64::try_from(LIFETIMES.session.as_secs()).expect("small");

    for second in (1_800..limit).step_by(1_800) {
        session = harness.refresh(&session.refresh_token, second).await.unwrap();
    }

    assert!(session.refresh_expires_in.as_secs() <= 1_800, "no token outlives the session");
    let over = harness.refresh(&session.refresh_token, limit).await.unwrap_err();
    assert!(matches!(over, AccountError::InvalidRefreshToken));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_logout_and_a_reused_token_end_the_access_tokens_of_their_session_only(pool: PgPool) {
    let (harness, left) = signed_in(pool).await;
    let (stolen, other) =
        (harness.login(EMAIL, PASSWORD).await.unwrap(), harness.login(EMAIL, PASSWORD).await.unwrap());
    for session in [&left, &stolen, &other] {
        assert!(harness.verify(session, 1).await.is_ok());
    }

    harness.accounts.logout(&left.refresh_token, harness.now).await.unwrap();
    harness.refresh(&stolen.refresh_token, 2).await.unwrap();
    harness.refresh(&stolen.refresh_token, 70).await.unwrap_err();

    for ended in [&left, &stolen] {
        let refused = harness.verify(ended, 71).await.unwrap_err();
        assert!(matches!(refused, AccountError::Token(TokenError::Revoked)));
    }
    assert!(harness.verify(&other, 71).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn logout_revokes_the_family_and_may_be_repeated(pool: PgPool) {
    let (harness, session) = signed_in(pool).await;

    for _ in 0..2 {
        harness.accounts.logout(&session.refresh_token, harness.now).await.unwrap();
    }

    let refused = harness.refresh(&session.refresh_token, 1).await.unwrap_err();
    assert!(matches!(refused, AccountError::InvalidRefreshToken));
    assert!(harness.accounts.logout(&"nonsense".into(), harness.now).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn expired_unknown_and_malformed_tokens_and_those_of_disabled_users_are_refused(pool: PgPool) {
    let (harness, session) = signed_in(pool).await;
    let unknown = SecretString::from("A".repeat(43));

    for (token, seconds_later) in [(&session.refresh_token, 3_600), (&unknown, 0), (&"".into(), 0), (&"x y".into(), 0)]
    {
        let refused = harness.refresh(token, seconds_later).await.unwrap_err();
        assert!(matches!(refused, AccountError::InvalidRefreshToken), "{refused}");
    }

    disable(&harness.pool, EMAIL).await;
    assert!(matches!(harness.refresh(&session.refresh_token, 1).await, Err(AccountError::InvalidRefreshToken)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_database_stores_only_the_hash_of_a_token(pool: PgPool) {
    let (harness, session) = signed_in(pool).await;

    let hash =
        sqlx::query_scalar!("SELECT token_hash FROM accounts.refresh_tokens").fetch_one(&harness.pool).await.unwrap();

    assert_eq!(hash.len(), 32);
    assert!(!session.refresh_token.expose_secret().contains(&hex::encode(&hash)));
    assert!(!format!("{session:?}").contains(session.refresh_token.expose_secret()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn expired_tokens_are_pruned_with_their_families_and_live_ones_stay(pool: PgPool) {
    let (harness, old) = signed_in(pool).await;
    let kept = harness.login(EMAIL, PASSWORD).await.unwrap();
    let rotated = harness.refresh(&kept.refresh_token, 1_800).await.unwrap();

    let pruned = prune_refresh_tokens(&harness.pool, harness.after(3_601), 100).await.unwrap();

    assert_eq!(pruned, 2);
    let families = sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM accounts.refresh_families"#);
    assert_eq!(families.fetch_one(&harness.pool).await.unwrap(), 1);
    assert!(harness.refresh(&rotated.refresh_token, 3_602).await.is_ok());
    assert!(harness.refresh(&old.refresh_token, 3_602).await.is_err());
}
