//! What users do with their own accounts, and admins and operators with those of others.

use crate::harness::{EMAIL, Harness, PASSWORD, client};
use accounts::{
    AccountError, ChangedBy, NewUser, Password, PasswordChange, PasswordError, Role, TokenError, UserChange, UserFilter,
};
use domain::page::PageSize;
use platform::audit::NoAudit;
use sqlx::PgPool;

const NEW_PASSWORD: &str = "four words on paper";

fn change(current: &str, new: &str) -> PasswordChange {
    PasswordChange { current: current.into(), new: Password::choose(new.into()).expect("a password"), client: client() }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_changed_password_ends_all_other_sessions_and_not_the_one_that_changed_it(pool: PgPool) {
    let harness = Harness::new(pool);
    harness.seed(EMAIL, Role::Customer).await;
    let (mine, other) = (harness.login(EMAIL, PASSWORD).await.unwrap(), harness.login(EMAIL, PASSWORD).await.unwrap());
    let me = harness.verify(&mine, 0).await.unwrap();

    harness.accounts.change_password(me, change(PASSWORD, NEW_PASSWORD), harness.now).await.unwrap();

    assert!(harness.verify(&mine, 1).await.is_ok());
    assert!(matches!(harness.verify(&other, 1).await, Err(AccountError::Token(TokenError::Revoked))));
    assert!(matches!(harness.login(EMAIL, PASSWORD).await, Err(AccountError::InvalidCredentials)));
    assert!(harness.login(EMAIL, NEW_PASSWORD).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_wrong_current_password_changes_nothing_and_is_throttled_like_a_login(pool: PgPool) {
    let harness = Harness::new(pool);
    harness.seed(EMAIL, Role::Customer).await;
    let session = harness.login(EMAIL, PASSWORD).await.unwrap();
    let me = harness.verify(&session, 0).await.unwrap();

    let mut last = None;
    for _ in 0..11 {
        let failed = harness.accounts.change_password(me, change("not the password", NEW_PASSWORD), harness.now).await;
        last = failed.err();
    }

    assert!(matches!(last, Some(AccountError::TooManyAttempts { .. })), "{last:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_new_password_is_neither_the_current_one_nor_made_of_the_address(pool: PgPool) {
    let harness = Harness::new(pool);
    harness.seed(EMAIL, Role::Customer).await;
    let session = harness.login(EMAIL, PASSWORD).await.unwrap();
    let me = harness.verify(&session, 0).await.unwrap();
    let change_to = async |new| harness.accounts.change_password(me, change(PASSWORD, new), harness.now).await;

    assert!(matches!(change_to(PASSWORD).await, Err(AccountError::SamePassword)));
    assert!(matches!(change_to("Customer2026").await, Err(AccountError::Password(PasswordError::Guessable))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn sessions_are_listed_until_they_end_and_logging_out_everywhere_ends_them_all(pool: PgPool) {
    let harness = Harness::new(pool);
    let user = harness.seed(EMAIL, Role::Customer).await;
    let (one, two) = (harness.login(EMAIL, PASSWORD).await.unwrap(), harness.login(EMAIL, PASSWORD).await.unwrap());

    let listed = harness.accounts.list_sessions(user.id, harness.now).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].user_agent.as_deref(), Some("test/1"));
    assert_eq!(listed[0].client_address.as_deref(), Some("192.0.2.1"));
    harness.accounts.logout(&one.refresh_token, harness.now).await.unwrap();
    assert_eq!(harness.accounts.list_sessions(user.id, harness.now).await.unwrap().len(), 1);

    assert_eq!(harness.accounts.logout_all(user.id, harness.now).await.unwrap(), 1);

    assert!(harness.accounts.list_sessions(user.id, harness.now).await.unwrap().is_empty());
    assert!(matches!(harness.verify(&two, 1).await, Err(AccountError::Token(TokenError::Revoked))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_password_that_an_operator_set_must_be_changed_and_the_session_then_goes_on(pool: PgPool) {
    let harness = Harness::new(pool);
    let password = Password::choose(PASSWORD.into()).expect("a password");
    let email = EMAIL.parse().expect("an address");
    let new = NewUser { email, password, role: Role::Admin, must_change_password: true };
    harness.accounts.create_user(new, &NoAudit).await.unwrap();

    let session = harness.login(EMAIL, PASSWORD).await.unwrap();
    let me = harness.verify(&session, 0).await.unwrap();
    assert!(session.must_change_password && me.must_change_password);
    harness.accounts.change_password(me, change(PASSWORD, NEW_PASSWORD), harness.now).await.unwrap();

    assert!(!harness.verify(&session, 1).await.unwrap().must_change_password);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_disabled_user_is_out_at_once_can_not_log_in_and_stops_selling(pool: PgPool) {
    let harness = Harness::new(pool);
    let admin = harness.seed("admin@orders.local", Role::Admin).await;
    let vendor = harness.seed(EMAIL, Role::Vendor).await;
    let session = harness.login(EMAIL, PASSWORD).await.unwrap();
    harness.verify(&session, 0).await.unwrap();
    let update = async |is_disabled| {
        let change = UserChange { is_disabled: Some(is_disabled), ..UserChange::default() };
        let (by, sinks) = ((ChangedBy::Admin(admin.id), None), (&NoAudit, &harness.former_vendors));
        harness.accounts.update_user(vendor.id, change, by, harness.now, sinks).await.unwrap()
    };

    assert!(update(true).await.disabled_at.is_some());

    assert!(matches!(harness.verify(&session, 1).await, Err(AccountError::Token(TokenError::Revoked))));
    assert!(matches!(harness.login(EMAIL, PASSWORD).await, Err(AccountError::InvalidCredentials)));
    assert_eq!(*harness.former_vendors.0.lock().unwrap(), [vendor.id]);
    assert!(update(false).await.disabled_at.is_none());
    assert!(harness.login(EMAIL, PASSWORD).await.is_ok());
    assert!(harness.verify(&session, 2).await.is_err(), "an old token stays revoked");
}

#[sqlx::test(migrations = "../../migrations")]
async fn users_are_found_by_address_id_role_and_status_page_by_page(pool: PgPool) {
    let harness = Harness::new(pool);
    let mut seeded = Vec::new();
    for (email, role) in
        [("a_b@x.example", Role::Customer), ("acb@x.example", Role::Vendor), ("b@x.example", Role::Support)]
    {
        seeded.push(harness.seed(email, role).await);
    }
    let found = async |filter: UserFilter| {
        let page = harness.accounts.list_users(&filter, None, PageSize::MAX).await.unwrap();
        page.items.into_iter().map(|item| item.user.email.to_string()).collect::<Vec<_>>()
    };

    let by_prefix = |text: &str| UserFilter { email_prefix: Some(text.to_owned()), ..UserFilter::default() };
    assert_eq!(found(by_prefix("A")).await, ["acb@x.example", "a_b@x.example"], "the newest first");
    assert_eq!(found(by_prefix("a_")).await, ["a_b@x.example"], "an underscore is only itself");
    assert_eq!(found(by_prefix("%")).await, Vec::<String>::new());
    assert_eq!(found(UserFilter { role: Some(Role::Support), ..UserFilter::default() }).await, ["b@x.example"]);
    assert_eq!(found(UserFilter { id: Some(seeded[1].id), ..UserFilter::default() }).await, ["acb@x.example"]);
    assert!(found(UserFilter { is_disabled: Some(true), ..UserFilter::default() }).await.is_empty());
    let one: PageSize = "1".parse().expect("a size");
    let first = harness.accounts.list_users(&UserFilter::default(), None, one).await.unwrap();
    let second = harness.accounts.list_users(&UserFilter::default(), first.next, one).await.unwrap();
    assert_eq!((first.items[0].user.id, second.items[0].user.id), (seeded[2].id, seeded[1].id));
}
