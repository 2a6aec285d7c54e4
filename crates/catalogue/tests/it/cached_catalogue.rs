//! The catalogue caches prices and follows the database.

use crate::fixtures::{ADMIN, OURS, create, now, product, sku, usd};
use catalogue::{Catalogue, CatalogueError, CatalogueLimits, Editor, ProductChange, create_product, update_product};
use platform::audit::NoAudit;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);

async fn price(catalogue: &Catalogue, text: &str) -> Option<i64> {
    let found = catalogue.products(&[sku(text)]).await.expect("a result");
    found[0].as_ref().map(|product| product.price.amount_minor)
}

async fn set_price(pool: &PgPool, text: &str, amount: i64) {
    let change = ProductChange { price: Some(usd(amount)), ..ProductChange::default() };
    update_product(pool, ADMIN, sku(text), change, now(), &NoAudit).await.expect("changed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn products_are_returned_in_the_order_of_the_requested_skus(pool: PgPool) {
    create(&pool, &["A", "B"]).await;
    let catalogue = Catalogue::new(pool, CatalogueLimits::default());

    let found = catalogue.products(&[sku("B"), sku("NONE"), sku("A"), sku("B")]).await.expect("a result");

    let names: Vec<_> = found.iter().map(|found| found.as_ref().map(|product| product.sku.as_str())).collect();
    assert_eq!(names, vec![Some("B"), None, Some("A"), Some("B")]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_withdrawn_product_is_found_but_not_offered(pool: PgPool) {
    create(&pool, &["A"]).await;
    let withdrawn = ProductChange { active: Some(false), ..ProductChange::default() };
    update_product(&pool, ADMIN, sku("A"), withdrawn, now(), &NoAudit).await.expect("changed");

    let found = Catalogue::new(pool, CatalogueLimits::default()).products(&[sku("A")]).await.expect("a result");

    assert!(found[0].as_ref().expect("it is known").offer().is_none());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cached_price_is_used_until_the_next_refresh(pool: PgPool) {
    create(&pool, &["A"]).await;
    let catalogue = Catalogue::new(pool.clone(), CatalogueLimits::default());
    assert_eq!(price(&catalogue, "A").await, Some(1_999));

    set_price(&pool, "A", 5).await;
    let before = price(&catalogue, "A").await;
    catalogue.refresh().await.expect("read again");

    assert_eq!(before, Some(1_999));
    assert_eq!(price(&catalogue, "A").await, Some(5));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_started_catalogue_refreshes_itself(pool: PgPool) {
    create(&pool, &["A"]).await;
    let lifecycle = Lifecycle::default();
    let catalogue = Catalogue::start(pool.clone(), &lifecycle);
    assert_eq!(price(&catalogue, "A").await, Some(1_999));

    set_price(&pool, "A", 5).await;
    let refreshed = async {
        while price(&catalogue, "A").await != Some(5) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIMEOUT, refreshed).await.expect("it refreshes itself");

    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    tokio::time::timeout(TIMEOUT, lifecycle.tasks.wait()).await.expect("it stops");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_new_product_is_found_at_once_even_after_a_failed_lookup(pool: PgPool) {
    let catalogue = Catalogue::new(pool.clone(), CatalogueLimits::default());
    assert_eq!(price(&catalogue, "A").await, None);

    create_product(&pool, Editor::Vendor(OURS), product("A", OURS), now(), &NoAudit).await.expect("created");

    assert_eq!(price(&catalogue, "A").await, Some(1_999));
}

#[sqlx::test(migrations = "../../migrations")]
async fn cached_prices_are_served_for_a_while_without_the_database(pool: PgPool) {
    create(&pool, &["A", "B"]).await;
    let tolerant = Catalogue::new(pool.clone(), CatalogueLimits::default());
    let strict =
        Catalogue::new(pool.clone(), CatalogueLimits { stale_max: Duration::ZERO, ..CatalogueLimits::default() });
    assert_eq!((price(&tolerant, "A").await, price(&strict, "A").await), (Some(1_999), Some(1_999)));

    pool.close().await;

    assert_eq!(price(&tolerant, "A").await, Some(1_999));
    assert!(matches!(tolerant.refresh().await, Err(CatalogueError::Unavailable(_))));
    assert_eq!(price(&tolerant, "A").await, Some(1_999));
    assert!(matches!(tolerant.products(&[sku("B")]).await, Err(CatalogueError::Unavailable(_))));
    assert!(matches!(strict.products(&[sku("A")]).await, Err(CatalogueError::Unavailable(_))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn more_products_than_the_cache_holds_are_still_found(pool: PgPool) {
    let skus: Vec<_> = (0..20).map(|number| format!("SKU-{number:02}")).collect();
    let names: Vec<_> = skus.iter().map(String::as_str).collect();
    create(&pool, &names).await;
    let catalogue = Catalogue::new(pool, CatalogueLimits { products_max: 5, ..CatalogueLimits::default() });

    for _round in 0..2 {
        let all: Vec<_> = names.iter().map(|name| sku(name)).collect();
        let found = catalogue.products(&all).await.expect("a result");
        assert!(found.iter().all(Option::is_some));
        catalogue.refresh().await.expect("read again");
    }
}
