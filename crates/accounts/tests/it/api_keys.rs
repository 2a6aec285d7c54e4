//! API keys act for their owner within their scopes, until they expire, are rotated or are revoked.

use crate::harness::{EMAIL, Harness, PASSWORD};
use accounts::ChangedBy;
use accounts::{AccountError, ApiKeyId, IssuedKey, KeyManager, NewApiKey, Role, Scope, Scopes, TokenError, UserChange};
use chrono::TimeDelta;
use domain::ids::UserId;
use platform::audit::NoAudit;
use secrecy::ExposeSecret;
use sqlx::PgPool;

async fn issued(harness: &Harness, owner: UserId, expires_after: Option<i64>) -> IssuedKey {
    let scopes = Scopes::only(Scope::OrdersPlace) | Scope::OrdersRead;
    let expires_at = expires_after.map(|seconds| harness.after(seconds));
    let new = NewApiKey { owner, name: "shop server".to_owned(), scopes, expires_at };
    harness.accounts.create_key(new, KeyManager::Owner(owner), harness.now, &NoAudit).await.expect("created")
}

async fn verify(harness: &Harness, key: &IssuedKey, second: i64) -> Result<accounts::Principal, AccountError> {
    harness.accounts.verify(key.secret.expose_secret(), harness.after(second)).await
}

fn is_revoked(result: &Result<accounts::Principal, AccountError>) -> bool {
    matches!(result, Err(AccountError::Token(TokenError::Revoked)))
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_acts_for_its_owner_within_its_scopes_and_its_use_is_recorded(pool: PgPool) {
    let harness = Harness::new(pool);
    let owner = harness.seed(EMAIL, Role::Customer).await;
    let key = issued(&harness, owner.id, None).await;
    assert!(key.secret.expose_secret().starts_with("ofk_"));

    let principal = verify(&harness, &key, 1).await.expect("accepted");

    assert_eq!((principal.id, principal.role), (owner.id, Role::Customer));
    let used = principal.key.expect("a key");
    assert_eq!(used.id, key.key.id);
    assert!(used.scopes.contains(Scope::OrdersPlace) && !used.scopes.contains(Scope::OrdersCancel));
    let listed = harness.accounts.list_keys(owner.id).await.expect("listed");
    assert_eq!(listed[0].last_used_at, Some(harness.after(1)));
    let other = key.secret.expose_secret().replace('A', "B") + "x";
    assert!(matches!(
        harness.accounts.verify(&other, harness.now).await,
        Err(AccountError::Token(TokenError::Invalid))
    ));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_rotated_key_has_two_secrets_until_the_overlap_is_over(pool: PgPool) {
    let harness = Harness::new(pool);
    let owner = harness.seed(EMAIL, Role::Customer).await;
    let before = issued(&harness, owner.id, None).await;
    let by = KeyManager::Owner(owner.id);

    let overlap = TimeDelta::seconds(60);
    let after = harness.accounts.rotate_key(before.key.id, overlap, by, harness.now, &NoAudit).await.expect("rotated");

    assert!(verify(&harness, &before, 59).await.is_ok());
    assert!(verify(&harness, &after, 59).await.is_ok());
    assert!(matches!(verify(&harness, &before, 61).await, Err(AccountError::Token(TokenError::Invalid))));
    assert!(verify(&harness, &after, 61).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_ends_when_it_is_revoked_expires_or_its_owner_is_disabled(pool: PgPool) {
    let harness = Harness::new(pool);
    let (admin, owner) =
        (harness.seed("admin@orders.local", Role::Admin).await, harness.seed(EMAIL, Role::Vendor).await);
    let (revoked, expiring) = (issued(&harness, owner.id, None).await, issued(&harness, owner.id, Some(30)).await);
    let kept = issued(&harness, owner.id, None).await;
    for key in [&revoked, &expiring, &kept] {
        assert!(verify(&harness, key, 1).await.is_ok());
    }

    for _ in 0..2 {
        let by = KeyManager::Owner(owner.id);
        harness.accounts.revoke_key(revoked.key.id, by, harness.now, &NoAudit).await.expect("revoked");
    }
    assert!(is_revoked(&verify(&harness, &revoked, 2).await));
    assert!(is_revoked(&verify(&harness, &expiring, 30).await));
    let change = UserChange { is_disabled: Some(true), ..UserChange::default() };
    let (by, sinks) = ((ChangedBy::Admin(admin.id), None), (&NoAudit, &harness.former_vendors));
    harness.accounts.update_user(owner.id, change, by, harness.now, sinks).await.expect("disabled");

    assert!(is_revoked(&verify(&harness, &kept, 31).await));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_owner_manages_only_their_own_keys_and_an_admin_those_of_everybody(pool: PgPool) {
    let harness = Harness::new(pool);
    let (one, other) =
        (harness.seed(EMAIL, Role::Customer).await, harness.seed("b@orders.local", Role::Customer).await);
    let key = issued(&harness, one.id, None).await;
    let revoke = async |id: ApiKeyId, by| harness.accounts.revoke_key(id, by, harness.now, &NoAudit).await;

    let stranger = revoke(key.key.id, KeyManager::Owner(other.id)).await;
    assert!(matches!(stranger, Err(AccountError::UnknownKey)));
    assert!(verify(&harness, &key, 1).await.is_ok());
    revoke(key.key.id, KeyManager::Admin(other.id)).await.expect("revoked");

    assert!(is_revoked(&verify(&harness, &key, 2).await));
    assert!(harness.login(EMAIL, PASSWORD).await.is_ok(), "the owner is not affected");
}
