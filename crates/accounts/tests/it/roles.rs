use crate::harness::{Desk, EMAIL, PASSWORD};
use crate::login::disable;
use accounts::{AccountError, Role, TokenError};
use domain::ids::UserId;
use platform::witness::Unwitnessed;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../../migrations")]
async fn a_new_role_revokes_every_token_made_before_it_at_once(pool: PgPool) {
    let desk = Desk::open(pool);
    let admin = desk.seed("admin@orders.local", Role::Admin).await;
    let user = desk.seed(EMAIL, Role::Customer).await;
    let before = desk.login(EMAIL, PASSWORD).await.unwrap();
    let token = before.access.token.expose_secret();
    assert!(desk.accounts.verify_access_token(token, desk.now).await.is_ok());

    let promoted = desk.accounts.grant_role(user.id, Role::Vendor, admin.id, desk.now, &Unwitnessed).await.unwrap();

    assert_eq!(promoted.role, Role::Vendor);
    let refused = desk.accounts.verify_access_token(token, desk.now).await.unwrap_err();
    assert!(matches!(refused, AccountError::Token(TokenError::Revoked)));
    assert!(matches!(desk.refresh(&before.refresh_token, 1).await, Err(AccountError::InvalidRefreshToken)));
    assert_eq!(desk.login(EMAIL, PASSWORD).await.unwrap().user.role, Role::Vendor);
}

#[sqlx::test(migrations = "../../migrations")]
async fn who_granted_what_is_kept_once(pool: PgPool) {
    let desk = Desk::open(pool);
    let admin = desk.seed("admin@orders.local", Role::Admin).await;
    let user = desk.seed(EMAIL, Role::Customer).await;

    for _ in 0..2 {
        desk.accounts.grant_role(user.id, Role::Admin, admin.id, desk.now, &Unwitnessed).await.unwrap();
    }

    let changes = sqlx::query!("SELECT user_id, from_role, to_role, granted_by FROM accounts.role_changes");
    let changes = changes.fetch_all(&desk.pool).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].from_role.as_str(), changes[0].to_role.as_str()), ("customer", "admin"));
    assert_eq!((changes[0].user_id, changes[0].granted_by), (user.id.as_uuid(), admin.id.as_uuid()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn nobody_changes_their_own_role_nor_that_of_nobody(pool: PgPool) {
    let desk = Desk::open(pool);
    let admin = desk.seed("admin@orders.local", Role::Admin).await;
    let nobody = UserId::from_uuid(Uuid::now_v7());

    let own = desk.accounts.grant_role(admin.id, Role::Customer, admin.id, desk.now, &Unwitnessed).await.unwrap_err();
    let unknown = desk.accounts.grant_role(nobody, Role::Vendor, admin.id, desk.now, &Unwitnessed).await.unwrap_err();

    assert!(matches!(own, AccountError::OwnRole));
    assert!(matches!(unknown, AccountError::UnknownUser));
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_two_admins_who_take_each_others_role_at_once_one_stays(pool: PgPool) {
    let desk = Desk::open(pool);
    for round in 0..20 {
        let one = desk.seed(&format!("one-{round}@orders.local"), Role::Admin).await;
        let two = desk.seed(&format!("two-{round}@orders.local"), Role::Admin).await;
        let demote =
            |user: UserId, by: UserId| desk.accounts.grant_role(user, Role::Customer, by, desk.now, &Unwitnessed);

        let (first, second) = futures::join!(demote(two.id, one.id), demote(one.id, two.id));
        let outcomes = [first, second];

        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(AccountError::NotAdmin))).count();
        assert_eq!((outcomes.iter().filter(|outcome| outcome.is_ok()).count(), refused), (1, 1), "{outcomes:?}");
        let stays = outcomes[0].as_ref().map_or(two.id, |_| one.id);
        assert_eq!(desk.accounts.me(stays).await.expect("there").role, Role::Admin);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_account_that_is_no_enabled_admin_any_more_grants_nothing(pool: PgPool) {
    let desk = Desk::open(pool);
    let former = desk.seed("former@orders.local", Role::Customer).await;
    let disabled = desk.seed("disabled@orders.local", Role::Admin).await;
    disable(&desk.pool, "disabled@orders.local").await;
    let last = desk.seed("last@orders.local", Role::Admin).await;

    for by in [former.id, disabled.id, UserId::from_uuid(Uuid::now_v7())] {
        let refused = desk.accounts.grant_role(last.id, Role::Customer, by, desk.now, &Unwitnessed).await.unwrap_err();
        assert!(matches!(refused, AccountError::NotAdmin), "{refused}");
    }

    assert_eq!(desk.accounts.me(last.id).await.expect("there").role, Role::Admin);
}
