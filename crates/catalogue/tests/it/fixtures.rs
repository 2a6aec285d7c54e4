//! Products and vendors for the tests.

use catalogue::{Editor, NewProduct, create_products};
use domain::Timestamp;
use domain::ids::UserId;
use domain::money::Money;
use domain::product::Sku;
use sqlx::PgPool;
use uuid::Uuid;

pub const OURS: UserId = UserId::from_uuid(Uuid::from_u128(1));
pub const THEIRS: UserId = UserId::from_uuid(Uuid::from_u128(2));
pub const ADMIN: Editor = Editor::Admin(UserId::from_uuid(Uuid::from_u128(3)));

pub fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("a time")
}

pub fn sku(text: &str) -> Sku {
    text.parse().expect("a SKU")
}

pub fn usd(amount_minor: i64) -> Money {
    Money::new(amount_minor, "USD".parse().expect("a currency")).expect("an amount")
}

pub fn product(text: &str, vendor_id: UserId) -> NewProduct {
    NewProduct {
        sku: sku(text),
        name: format!("The {text}").parse().expect("a name"),
        description: "Two lines\nof text.".parse().expect("a description"),
        vendor_id,
        price: usd(1_999),
        active: true,
        backorder: false,
    }
}

pub async fn create(pool: &PgPool, skus: &[&str]) {
    let new: Vec<_> = skus.iter().map(|text| product(text, OURS)).collect();
    assert_eq!(create_products(pool, &new, "test", now()).await.expect("created"), skus.len());
}
