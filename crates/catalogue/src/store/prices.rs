//! `catalogue.prices`. The first price of a product is inserted together with the product.

use crate::error::CatalogueError;
use crate::price::{PastPrice, PriceCursor};
use crate::product::Product;
use domain::Timestamp;
use domain::money::Money;
use domain::product::Sku;
use platform::consistency::StoredRow;
use sqlx::PgConnection;

struct PriceRow {
    id: i64,
    valid_from: Timestamp,
    price_minor: i64,
    currency: String,
    changed_by: Option<String>,
}

/// The caller must hold the lock of the product's row.
pub(crate) async fn insert_price(
    tx: &mut PgConnection,
    product: &Product,
    changed_by: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (price_minor, currency) = (product.price.amount_minor, product.price.currency.code());
    let inserted = sqlx::query!(
        "INSERT INTO catalogue.prices (sku, valid_from, price_minor, currency, changed_by)
         VALUES ($1, $2, $3, $4, $5)",
        product.sku.as_str(),
        now,
        price_minor,
        currency,
        changed_by,
    );
    inserted.execute(tx).await.map(drop)
}

/// At most `rows_max` prices, the newest first.
pub(crate) async fn list_prices(
    connection: &mut PgConnection,
    sku: &Sku,
    after: Option<PriceCursor>,
    rows_max: u32,
) -> Result<Vec<PastPrice>, CatalogueError> {
    let rows = sqlx::query_as!(
        PriceRow,
        "SELECT id, valid_from, price_minor, currency, changed_by FROM catalogue.prices
          WHERE sku = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        sku.as_str(),
        after.map_or(i64::MAX, |cursor| cursor.0),
        i64::from(rows_max),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(PastPrice::try_from).collect()
}

impl TryFrom<PriceRow> for PastPrice {
    type Error = CatalogueError;

    fn try_from(row: PriceRow) -> Result<Self, CatalogueError> {
        let stored = StoredRow::new("catalogue.prices", row.id);
        let currency = stored.read_column("currency", row.currency.parse())?;
        let price = stored.read_column("price_minor", Money::new(row.price_minor, currency))?;
        Ok(Self { id: row.id, price, valid_from: row.valid_from, changed_by: row.changed_by })
    }
}
