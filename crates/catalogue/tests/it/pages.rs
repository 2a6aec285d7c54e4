//! Lists of products: pages, search, visibility.

use crate::fixtures::{ADMIN, OURS, THEIRS, create, now, product, sku};
use catalogue::{ProductChange, ProductFilter, Viewer, create_products, find_product, list_products, update_product};
use platform::audit::NoAudit;
use sqlx::PgPool;

async fn listed(pool: &PgPool, viewer: Viewer, filter: ProductFilter) -> Vec<String> {
    let page = list_products(pool, viewer, filter).await.expect("a page");
    page.items.into_iter().map(|found| found.product.sku.to_string()).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn pages_contain_every_product_once_in_the_order_of_skus(pool: PgPool) {
    let names: Vec<_> = (0..25).map(|number| format!("SKU-{number:02}")).collect();
    create(&pool, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;

    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let filter = ProductFilter { after, limit: 10.try_into().expect("a size"), ..ProductFilter::default() };
        let page = list_products(&pool, Viewer::Public, filter).await.expect("a page");
        seen.extend(page.items.into_iter().map(|found| found.product.sku.to_string()));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().expect("our own cursor"));
    }

    assert_eq!(seen, names);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_search_text_has_no_wildcards(pool: PgPool) {
    create(&pool, &["SKU-HEADPHONES", "SKU-CABLE", "100_PERCENT"]).await;
    let text = |text: &str| ProductFilter { text: Some(text.to_owned()), ..ProductFilter::default() };

    assert_eq!(listed(&pool, Viewer::Public, text("headph")).await, vec!["SKU-HEADPHONES"]);
    assert_eq!(listed(&pool, Viewer::Public, text("0_p")).await, vec!["100_PERCENT"]);
    assert_eq!(listed(&pool, Viewer::Public, text("%")).await, Vec::<String>::new());
    assert_eq!(listed(&pool, Viewer::Public, text("'; DROP TABLE x;--\\")).await, Vec::<String>::new());
}

#[sqlx::test(migrations = "../../migrations")]
async fn withdrawn_products_are_visible_to_their_vendor_and_to_admins(pool: PgPool) {
    create_products(&pool, &[product("OURS", OURS), product("THEIRS", THEIRS)], "test", now()).await.expect("created");
    for name in ["OURS", "THEIRS"] {
        let withdrawn = ProductChange { active: Some(false), ..ProductChange::default() };
        update_product(&pool, ADMIN, sku(name), withdrawn, now(), &NoAudit).await.expect("changed");
    }
    let all = ProductFilter::default;

    assert!(listed(&pool, Viewer::Public, all()).await.is_empty());
    assert_eq!(listed(&pool, Viewer::Vendor(OURS), all()).await, vec!["OURS"]);
    assert_eq!(listed(&pool, Viewer::Staff, all()).await, vec!["OURS", "THEIRS"]);
    assert_eq!(find_product(&pool, &sku("THEIRS"), Viewer::Vendor(OURS)).await.expect("a result"), None);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_name_is_found_in_any_unicode_normalisation(pool: PgPool) {
    let named = |name: &str| ProductChange { name: Some(name.parse().expect("a name")), ..ProductChange::default() };
    create(&pool, &["NEW", "OLD"]).await;
    let renaming = update_product(&pool, ADMIN, sku("NEW"), named("Zoe\u{308}"), now(), &NoAudit);
    assert_eq!(renaming.await.expect("renamed").product.name, "Zo\u{eb}");
    let as_before = sqlx::query("UPDATE catalogue.products SET name = $1 WHERE sku = 'OLD'").bind("Zoe\u{308}");
    as_before.execute(&pool).await.expect("renamed");

    for text in ["zo\u{eb}", "zoe\u{308}"] {
        let filter = ProductFilter { text: Some(text.to_owned()), ..ProductFilter::default() };
        assert_eq!(listed(&pool, Viewer::Public, filter).await, ["NEW", "OLD"], "{text}");
    }
}
