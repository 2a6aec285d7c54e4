//! Prices for the hot path.

use crate::fixtures::{OURS, now, product, sku, stocked, usd};
use catalogue::{Catalogue, CatalogueError, CatalogueLimits, Editor, ProductChange, create_product, update_product};
use platform::lifecycle::Lifecycle;
use platform::witness::Unwitnessed;
use sqlx::PgPool;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

async fn price(catalogue: &Catalogue, text: &str) -> Option<i64> {
    let found = catalogue.products(&[sku(text)]).await.expect("an answer");
    found[0].as_ref().map(|product| product.price.amount_minor)
}

async fn set_price(pool: &PgPool, text: &str, amount: i64) {
    let change = ProductChange { price: Some(usd(amount)), ..ProductChange::default() };
    update_product(pool, Editor::Admin, sku(text), change, now(), &Unwitnessed).await.expect("changed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn products_are_answered_in_the_order_that_they_were_asked_for(pool: PgPool) {
    stocked(&pool, &["A", "B"]).await;
    let catalogue = Catalogue::new(pool, CatalogueLimits::default());

    let found = catalogue.products(&[sku("B"), sku("NONE"), sku("A"), sku("B")]).await.expect("an answer");

    let names: Vec<_> = found.iter().map(|found| found.as_ref().map(|product| product.sku.as_str())).collect();
    assert_eq!(names, vec![Some("B"), None, Some("A"), Some("B")]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_withdrawn_product_is_known_but_not_on_offer(pool: PgPool) {
    stocked(&pool, &["A"]).await;
    let withdrawn = ProductChange { active: Some(false), ..ProductChange::default() };
    update_product(&pool, Editor::Admin, sku("A"), withdrawn, now(), &Unwitnessed).await.expect("changed");

    let found = Catalogue::new(pool, CatalogueLimits::default()).products(&[sku("A")]).await.expect("an answer");

    assert!(found[0].as_ref().expect("it is known").offer().is_none());
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_at_hand_is_not_read_again_before_its_time(pool: PgPool) {
    stocked(&pool, &["A"]).await;
    let catalogue = Catalogue::new(pool.clone(), CatalogueLimits::default());
    assert_eq!(price(&catalogue, "A").await, Some(1_999));

    set_price(&pool, "A", 5).await;
    let before = price(&catalogue, "A").await;
    catalogue.refresh().await.expect("read again");

    assert_eq!(before, Some(1_999));
    assert_eq!(price(&catalogue, "A").await, Some(5));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_started_catalogue_follows_the_database_by_itself(pool: PgPool) {
    stocked(&pool, &["A"]).await;
    let lifecycle = Lifecycle::default();
    let catalogue = Catalogue::start(pool.clone(), &lifecycle);
    assert_eq!(price(&catalogue, "A").await, Some(1_999));

    set_price(&pool, "A", 5).await;
    let followed = async {
        while price(&catalogue, "A").await != Some(5) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, followed).await.expect("it follows");

    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    tokio::time::timeout(PATIENCE, lifecycle.tasks.wait()).await.expect("it stops");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_new_product_is_found_at_once_though_it_was_asked_for_before(pool: PgPool) {
    let catalogue = Catalogue::new(pool.clone(), CatalogueLimits::default());
    assert_eq!(price(&catalogue, "A").await, None);

    create_product(&pool, Editor::Vendor(OURS), product("A", OURS), now(), &Unwitnessed).await.expect("created");

    assert_eq!(price(&catalogue, "A").await, Some(1_999));
}

#[sqlx::test(migrations = "../../migrations")]
async fn prices_at_hand_outlive_the_database_for_a_while(pool: PgPool) {
    stocked(&pool, &["A", "B"]).await;
    let patient = Catalogue::new(pool.clone(), CatalogueLimits::default());
    let strict =
        Catalogue::new(pool.clone(), CatalogueLimits { stale_max: Duration::ZERO, ..CatalogueLimits::default() });
    assert_eq!((price(&patient, "A").await, price(&strict, "A").await), (Some(1_999), Some(1_999)));

    pool.close().await;

    assert_eq!(price(&patient, "A").await, Some(1_999));
    assert!(matches!(patient.refresh().await, Err(CatalogueError::Unavailable(_))));
    assert_eq!(price(&patient, "A").await, Some(1_999));
    assert!(matches!(patient.products(&[sku("B")]).await, Err(CatalogueError::Unavailable(_))));
    assert!(matches!(strict.products(&[sku("A")]).await, Err(CatalogueError::Unavailable(_))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn more_products_than_there_is_room_for_are_still_found(pool: PgPool) {
    let skus: Vec<_> = (0..20).map(|number| format!("SKU-{number:02}")).collect();
    let names: Vec<_> = skus.iter().map(String::as_str).collect();
    stocked(&pool, &names).await;
    let catalogue = Catalogue::new(pool, CatalogueLimits { products_max: 5, ..CatalogueLimits::default() });

    for _round in 0..2 {
        let all: Vec<_> = names.iter().map(|name| sku(name)).collect();
        let found = catalogue.products(&all).await.expect("an answer");
        assert!(found.iter().all(Option::is_some));
        catalogue.refresh().await.expect("read again");
    }
}
