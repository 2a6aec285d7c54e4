//! Creating and changing products, and who may do it.

use crate::fixtures::{ADMIN, OURS, THEIRS, create, now, product, sku, usd};
use catalogue::{
    Editor, ManageProductError, ProductChange, Viewer, create_product, create_products, find_product, update_product,
};
use platform::audit::NoAudit;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_created_product_is_found(pool: PgPool) {
    let new = product("SKU-HEADPHONES", OURS);

    let created = create_product(&pool, Editor::Vendor(OURS), new.clone(), now(), &NoAudit).await.expect("created");

    let found = find_product(&pool, &new.sku, Viewer::Public).await.expect("a result").expect("a product");
    assert_eq!(found, created);
    assert_eq!((found.product.name.as_str(), found.product.price), (new.name.as_str(), new.price));
    assert_eq!((found.created_at, found.updated_at), (now(), now()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_sku_is_unique(pool: PgPool) {
    create(&pool, &["A"]).await;

    let again = create_product(&pool, ADMIN, product("A", THEIRS), now(), &NoAudit).await;
    let created = create_products(&pool, &[product("A", THEIRS), product("B", THEIRS)], "test", now()).await;

    assert!(matches!(again, Err(ManageProductError::AlreadyExists(taken)) if taken == sku("A")));
    assert_eq!(created.expect("the new one"), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_creates_and_changes_only_their_own_products(pool: PgPool) {
    create(&pool, &["A"]).await;
    let cheaper = || ProductChange { price: Some(usd(1)), ..ProductChange::default() };

    let created = create_product(&pool, Editor::Vendor(THEIRS), product("B", OURS), now(), &NoAudit).await;
    let changed = update_product(&pool, Editor::Vendor(THEIRS), sku("A"), cheaper(), now(), &NoAudit).await;
    let missing = update_product(&pool, Editor::Vendor(THEIRS), sku("NONE"), cheaper(), now(), &NoAudit).await;

    assert!(matches!(created, Err(ManageProductError::NotYours(_))));
    assert!(matches!(changed, Err(ManageProductError::NotYours(_))));
    assert!(matches!(missing, Err(ManageProductError::NotFound(_))));
    let found = find_product(&pool, &sku("A"), Viewer::Public).await.expect("a result").expect("a product");
    assert_eq!(found.product.price, usd(1_999));
}

#[sqlx::test(migrations = "../../migrations")]
async fn another_vendors_withdrawn_product_is_not_found(pool: PgPool) {
    create(&pool, &["A"]).await;
    let withdrawn = || ProductChange { active: Some(false), ..ProductChange::default() };
    update_product(&pool, Editor::Vendor(OURS), sku("A"), withdrawn(), now(), &NoAudit).await.expect("withdrawn");

    let changed = update_product(&pool, Editor::Vendor(THEIRS), sku("A"), withdrawn(), now(), &NoAudit).await;

    assert!(matches!(changed, Err(ManageProductError::NotFound(_))), "{changed:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_change_keeps_the_fields_that_it_does_not_name(pool: PgPool) {
    create(&pool, &["A"]).await;
    let renamed = ProductChange { name: Some("Better".parse().expect("a name")), ..ProductChange::default() };

    let changed =
        update_product(&pool, Editor::Vendor(OURS), sku("A"), renamed, now(), &NoAudit).await.expect("changed");

    assert_eq!((changed.product.name.as_str(), changed.product.price), ("Better", usd(1_999)));
    assert!(changed.product.active && !changed.description.is_empty());
}
