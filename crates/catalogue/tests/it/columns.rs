//! Each column holds the value of its name. No two values of one type are equal, so two swapped columns are found.

use crate::fixtures::{OURS, create};
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_a_new_product_holds_the_value_of_its_name(pool: PgPool) {
    create(&pool, &["A"]).await;

    let row: Value = sqlx::query_scalar("SELECT to_jsonb(row) FROM catalogue.products AS row")
        .fetch_one(&pool)
        .await
        .expect("the product");
    let expected = json!({ "sku": "A", "name": "The A", "description": "Two lines\nof text.", "vendor_id": OURS,
                           "price_minor": 1_999, "currency": "USD", "active": true, "backorder": false,
                           "created_at": "2026-11-23T12:00:00+00:00", "updated_at": "2026-11-23T12:00:00+00:00" });
    for (column, value) in expected.as_object().expect("columns") {
        assert_eq!(&row[column], value, "{column}");
    }
}
