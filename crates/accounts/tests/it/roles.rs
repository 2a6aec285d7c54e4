use crate::desk::{Desk, EMAIL, PASSWORD};
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
