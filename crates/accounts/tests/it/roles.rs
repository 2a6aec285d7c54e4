//! Granting roles revokes tokens, is recorded, and always leaves an admin.

use crate::harness::{EMAIL, Harness, PASSWORD};
use crate::login::disable;
use accounts::{AccountError, Role, TokenError};
use domain::ids::UserId;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../../migrations")]
async fn a_new_role_revokes_every_token_issued_before_it_at_once(pool: PgPool) {
    let harness = Harness::new(pool);
    let admin = harness.seed("admin@orders.local", Role::Admin).await;
    let user = harness.seed(EMAIL, Role::Customer).await;
    let before = harness.login(EMAIL, PASSWORD).await.unwrap();
    let token = before.access.token.expose_secret();
    assert!(harness.accounts.verify_access_token(token, harness.now).await.is_ok());

    let promoted = harness.grant(user.id, Role::Vendor, admin.id).await.unwrap();

    assert_eq!(promoted.role, Role::Vendor);
    let refused = harness.accounts.verify_access_token(token, harness.now).await.unwrap_err();
    assert!(matches!(refused, AccountError::Token(TokenError::Revoked)));
    assert!(matches!(harness.refresh(&before.refresh_token, 1).await, Err(AccountError::InvalidRefreshToken)));
    assert_eq!(harness.login(EMAIL, PASSWORD).await.unwrap().user.role, Role::Vendor);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_grant_is_recorded_once(pool: PgPool) {
    let harness = Harness::new(pool);
    let admin = harness.seed("admin@orders.local", Role::Admin).await;
    let user = harness.seed(EMAIL, Role::Customer).await;

    for _ in 0..2 {
        harness.grant(user.id, Role::Admin, admin.id).await.unwrap();
    }

    let changes = sqlx::query!("SELECT user_id, from_role, to_role, granted_by FROM accounts.role_changes");
    let changes = changes.fetch_all(&harness.pool).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].from_role.as_str(), changes[0].to_role.as_str()), ("customer", "admin"));
    assert_eq!((changes[0].user_id, changes[0].granted_by), (user.id.as_uuid(), admin.id.as_uuid()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn nobody_changes_their_own_role_or_the_role_of_an_unknown_user(pool: PgPool) {
    let harness = Harness::new(pool);
    let admin = harness.seed("admin@orders.local", Role::Admin).await;
    let unknown_id = UserId::from_uuid(Uuid::now_v7());

    let own = harness.grant(admin.id, Role::Customer, admin.id).await.unwrap_err();
    let unknown = harness.grant(unknown_id, Role::Vendor, admin.id).await.unwrap_err();

    assert!(matches!(own, AccountError::OwnAccount));
    assert!(matches!(unknown, AccountError::UnknownUser));
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_two_admins_who_revoke_each_others_role_at_once_one_stays_admin(pool: PgPool) {
    let harness = Harness::new(pool);
    for round in 0..20 {
        let one = harness.seed(&format!("one-{round}@orders.local"), Role::Admin).await;
        let two = harness.seed(&format!("two-{round}@orders.local"), Role::Admin).await;
        let demote = |user: UserId, by: UserId| harness.grant(user, Role::Customer, by);

        let (first, second) = futures::join!(demote(two.id, one.id), demote(one.id, two.id));
        let outcomes = [first, second];

        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(AccountError::NotAdmin))).count();
        assert_eq!((outcomes.iter().filter(|outcome| outcome.is_ok()).count(), refused), (1, 1), "{outcomes:?}");
        let stays = outcomes[0].as_ref().map_or(two.id, |_| one.id);
        assert_eq!(harness.accounts.find_user(stays).await.expect("there").role, Role::Admin);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_disabled_or_former_admin_can_not_grant_roles(pool: PgPool) {
    let harness = Harness::new(pool);
    let former = harness.seed("former@orders.local", Role::Customer).await;
    let disabled = harness.seed("disabled@orders.local", Role::Admin).await;
    disable(&harness.pool, "disabled@orders.local").await;
    let last = harness.seed("last@orders.local", Role::Admin).await;

    for by in [former.id, disabled.id, UserId::from_uuid(Uuid::now_v7())] {
        let refused = harness.grant(last.id, Role::Customer, by).await.unwrap_err();
        assert!(matches!(refused, AccountError::NotAdmin), "{refused}");
    }

    assert_eq!(harness.accounts.find_user(last.id).await.expect("there").role, Role::Admin);
}
