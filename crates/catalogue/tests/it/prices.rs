//! The history of prices: written with each change, read by those who manage the product.

use crate::fixtures::{ADMIN, OURS, THEIRS, create, now, product, sku, usd};
use catalogue::{Editor, NewProduct, PastPrice, ProductChange, Viewer, create_product, list_prices, update_product};
use domain::page::PageSize;
use platform::audit::{AuditRecord, AuditSink, NoAudit};
use sqlx::{PgConnection, PgPool};

fn priced(amount_minor: i64) -> ProductChange {
    ProductChange { price: Some(usd(amount_minor)), ..ProductChange::default() }
}

async fn prices(pool: &PgPool, viewer: Viewer) -> Option<Vec<PastPrice>> {
    let page = list_prices(pool, viewer, &sku("A"), None, PageSize::MAX).await.expect("a result");
    page.map(|page| page.items)
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_price_is_listed_newest_first_with_its_time_and_who_set_it(pool: PgPool) {
    let new: NewProduct = product("A", OURS);
    create_product(&pool, Editor::Vendor(OURS), new, now(), &NoAudit).await.expect("created");
    let later = now() + std::time::Duration::from_secs(90);
    let renamed = ProductChange { name: Some("Better".parse().expect("a name")), ..priced(1_999) };

    update_product(&pool, ADMIN, sku("A"), priced(500), later, &NoAudit).await.expect("repriced");
    update_product(&pool, Editor::Vendor(OURS), sku("A"), priced(1_999), later, &NoAudit).await.expect("repriced");
    update_product(&pool, Editor::Vendor(OURS), sku("A"), renamed, later, &NoAudit).await.expect("same price");

    let vendor = format!("vendor:{OURS}");
    let admin = "admin:00000000-0000-0000-0000-000000000003".to_owned();
    let listed = prices(&pool, Viewer::Vendor(OURS)).await.expect("our product");
    let listed: Vec<_> = listed.iter().map(|past| (past.price, past.valid_from, past.changed_by.clone())).collect();
    let expected =
        [(usd(1_999), later, Some(vendor.clone())), (usd(500), later, Some(admin)), (usd(1_999), now(), Some(vendor))];
    assert_eq!(listed, expected);
}

#[sqlx::test(migrations = "../../migrations")]
async fn prices_are_listed_page_by_page(pool: PgPool) {
    create(&pool, &["A", "B"]).await;
    for amount in 1..=4 {
        update_product(&pool, ADMIN, sku("A"), priced(amount), now(), &NoAudit).await.expect("repriced");
    }

    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let size = 2.try_into().expect("a size");
        let page = list_prices(&pool, Viewer::Staff, &sku("A"), after, size).await.expect("a result");
        let page = page.expect("a product");
        seen.extend(page.items.iter().map(|past| past.price.amount_minor));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().expect("our own cursor"));
    }

    assert_eq!(seen, [4, 3, 2, 1, 1_999]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_those_who_manage_a_product_see_its_earlier_prices(pool: PgPool) {
    create(&pool, &["A"]).await;

    assert_eq!(prices(&pool, Viewer::Public).await, None);
    assert_eq!(prices(&pool, Viewer::Vendor(THEIRS)).await, None);
    assert_eq!(prices(&pool, Viewer::Vendor(OURS)).await.map(|prices| prices.len()), Some(1));
    assert_eq!(prices(&pool, Viewer::Staff).await.map(|prices| prices.len()), Some(1));
    let handed_over = ProductChange { vendor_id: Some(THEIRS), ..ProductChange::default() };
    update_product(&pool, ADMIN, sku("A"), handed_over, now(), &NoAudit).await.expect("handed over");
    assert_eq!(prices(&pool, Viewer::Vendor(OURS)).await, None);
    assert_eq!(prices(&pool, Viewer::Vendor(THEIRS)).await.map(|prices| prices.len()), Some(1));
}

/// Fails, as when the connection breaks before the commit.
struct FailingAudit;

impl AuditSink for FailingAudit {
    async fn record(&self, _tx: &mut PgConnection, _change: AuditRecord) -> sqlx::Result<()> {
        Err(sqlx::Error::PoolClosed)
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_price_that_is_rolled_back_is_not_in_the_history(pool: PgPool) {
    create(&pool, &["A"]).await;

    let failed = update_product(&pool, ADMIN, sku("A"), priced(1), now(), &FailingAudit).await;

    assert!(failed.is_err());
    assert_eq!(prices(&pool, Viewer::Staff).await.map(|prices| prices.len()), Some(1));
}
