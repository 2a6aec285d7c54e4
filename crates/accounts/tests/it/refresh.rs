use crate::desk::{Desk, EMAIL, PASSWORD, security_events};
use crate::login::disable;
use accounts::{AccountError, Role, Session, prune_refresh_tokens};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;

async fn signed_in(pool: PgPool) -> (Desk, Session) {
    let desk = Desk::open(pool);
    desk.seed(EMAIL, Role::Customer).await;
    let session = desk.login(EMAIL, PASSWORD).await.expect("signed in");
    (desk, session)
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refresh_token_is_turned_into_a_new_pair_again_and_again(pool: PgPool) {
    let (desk, first) = signed_in(pool).await;

    let second = desk.refresh(&first.refresh_token, 60).await.unwrap();
    let third = desk.refresh(&second.refresh_token, 120).await.unwrap();

    assert_ne!(second.refresh_token.expose_secret(), first.refresh_token.expose_secret());
    let access = third.access.token.expose_secret();
    assert!(desk.accounts.verify_access_token(access, desk.after(120)).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_used_token_that_comes_back_revokes_its_whole_family(pool: PgPool) {
    let (desk, first) = signed_in(pool).await;
    let second = desk.refresh(&first.refresh_token, 60).await.unwrap();
    let events = security_events("refresh_reused");

    let reused = desk.refresh(&first.refresh_token, 121).await.unwrap_err();

    assert!(matches!(reused, AccountError::RefreshTokenReused));
    assert!(security_events("refresh_reused") > events);
    let sibling = desk.refresh(&second.refresh_token, 122).await.unwrap_err();
    assert!(matches!(sibling, AccountError::InvalidRefreshToken));
    assert!(desk.login(EMAIL, PASSWORD).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_answer_is_given_once_more_within_a_minute_and_the_family_lives_on(pool: PgPool) {
    let (desk, first) = signed_in(pool).await;
    let lost = desk.refresh(&first.refresh_token, 60).await.unwrap();

    let again = desk.refresh(&first.refresh_token, 120).await.unwrap();
    let third_time = desk.refresh(&first.refresh_token, 120).await.unwrap_err();

    assert!(matches!(third_time, AccountError::RefreshInProgress));
    assert!(desk.refresh(&again.refresh_token, 130).await.is_ok());
    assert!(desk.refresh(&lost.refresh_token, 130).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn turned_by_many_at_once_a_token_gives_two_pairs_at_most(pool: PgPool) {
    let (desk, first) = signed_in(pool).await;

    let tries = (0..8).map(|_| desk.refresh(&first.refresh_token, 1));
    let outcomes = futures::future::join_all(tries).await;

    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    let in_progress = |outcome: &&Result<_, _>| matches!(outcome, Err(AccountError::RefreshInProgress));
    assert_eq!(outcomes.iter().filter(in_progress).count(), 6);
}

#[sqlx::test(migrations = "../../migrations")]
async fn logout_ends_the_family_and_may_be_said_twice(pool: PgPool) {
    let (desk, session) = signed_in(pool).await;

    for _ in 0..2 {
        desk.accounts.logout(&session.refresh_token, desk.now).await.unwrap();
    }

    let refused = desk.refresh(&session.refresh_token, 1).await.unwrap_err();
    assert!(matches!(refused, AccountError::InvalidRefreshToken));
    assert!(desk.accounts.logout(&"nonsense".into(), desk.now).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn expired_unknown_and_malformed_tokens_and_those_of_disabled_users_are_refused(pool: PgPool) {
    let (desk, session) = signed_in(pool).await;
    let unknown = SecretString::from("A".repeat(43));

    for (token, seconds_later) in [(&session.refresh_token, 3_600), (&unknown, 0), (&"".into(), 0), (&"x y".into(), 0)]
    {
        let refused = desk.refresh(token, seconds_later).await.unwrap_err();
        assert!(matches!(refused, AccountError::InvalidRefreshToken), "{refused}");
    }

    disable(&desk.pool, EMAIL).await;
    assert!(matches!(desk.refresh(&session.refresh_token, 1).await, Err(AccountError::InvalidRefreshToken)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_database_knows_no_token_only_its_hash(pool: PgPool) {
    let (desk, session) = signed_in(pool).await;

    let hash =
        sqlx::query_scalar!("SELECT token_hash FROM accounts.refresh_tokens").fetch_one(&desk.pool).await.unwrap();

    assert_eq!(hash.len(), 32);
    assert!(!session.refresh_token.expose_secret().contains(&hex::encode(&hash)));
    assert!(!format!("{session:?}").contains(session.refresh_token.expose_secret()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn expired_tokens_are_pruned_with_their_families_and_live_ones_stay(pool: PgPool) {
    let (desk, old) = signed_in(pool).await;
    let kept = desk.login(EMAIL, PASSWORD).await.unwrap();
    let turned = desk.refresh(&kept.refresh_token, 1_800).await.unwrap();

    let pruned = prune_refresh_tokens(&desk.pool, desk.after(3_601), 100).await.unwrap();

    assert_eq!(pruned, 2);
    let families = sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM accounts.refresh_families"#);
    assert_eq!(families.fetch_one(&desk.pool).await.unwrap(), 1);
    assert!(desk.refresh(&turned.refresh_token, 3_602).await.is_ok());
    assert!(desk.refresh(&old.refresh_token, 3_602).await.is_err());
}
