//! `catalogue.products`, and the first price of each.

use crate::error::CatalogueError;
use crate::product::{Description, Editor, NewProduct, Product, ProductChange, ProductDetails, ProductName, Viewer};
use crate::product_filter::ProductFilter;
use domain::Timestamp;
use domain::ids::UserId;
use domain::money::Money;
use domain::product::Sku;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use uuid::Uuid;

struct ProductRow {
    sku: String,
    name: String,
    vendor_id: Uuid,
    price_minor: i64,
    currency: String,
    active: bool,
    backorder: bool,
}

struct DetailsRow {
    sku: String,
    name: String,
    description: String,
    vendor_id: Uuid,
    price_minor: i64,
    currency: String,
    active: bool,
    backorder: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

pub(crate) async fn products(connection: &mut PgConnection, skus: &[Sku]) -> Result<Vec<Product>, CatalogueError> {
    let skus: Vec<_> = skus.iter().map(Sku::as_str).collect();
    let rows = sqlx::query_as!(
        ProductRow,
        "SELECT sku, name, vendor_id, price_minor, currency, active, backorder FROM catalogue.products WHERE sku = ANY($1)",
        &skus as &[&str],
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Product::try_from).collect()
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    sku: &Sku,
    viewer: Viewer,
) -> Result<Option<ProductDetails>, CatalogueError> {
    let row = sqlx::query_as!(
        DetailsRow,
        "SELECT sku, name, description, vendor_id, price_minor, currency, active, backorder, created_at, updated_at
           FROM catalogue.products
          WHERE sku = $1 AND (active OR $2 OR vendor_id = $3)",
        sku.as_str(),
        viewer.is_staff(),
        viewer.vendor().map(|vendor| vendor.as_uuid()),
    )
    .fetch_optional(connection)
    .await?;
    row.map(ProductDetails::try_from).transpose()
}

pub(crate) async fn list(
    connection: &mut PgConnection,
    viewer: Viewer,
    filter: &ProductFilter,
    limit: u32,
) -> Result<Vec<ProductDetails>, CatalogueError> {
    let rows = sqlx::query_as!(
        DetailsRow,
        "SELECT sku, name, description, vendor_id, price_minor, currency, active, backorder, created_at, updated_at
           FROM catalogue.products
          WHERE sku > $1
            AND (active OR $2 OR vendor_id = $3)
            AND ($4::uuid IS NULL OR vendor_id = $4)
            AND ($5::text IS NULL OR normalize(name) ILIKE $5 OR sku ILIKE $5)
          ORDER BY sku
          LIMIT $6",
        filter.after.as_ref().map_or("", |cursor| cursor.0.as_str()),
        viewer.is_staff(),
        viewer.vendor().map(|vendor| vendor.as_uuid()),
        filter.vendor_id.map(|vendor| vendor.as_uuid()),
        filter.text.as_deref().map(containing),
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ProductDetails::try_from).collect()
}

/// Inserts the products whose SKU does not exist yet, each with its first price, and returns them.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    new: &[NewProduct],
    changed_by: &str,
    now: Timestamp,
) -> Result<Vec<ProductDetails>, CatalogueError> {
    let sku: Vec<_> = new.iter().map(|product| product.sku.as_str()).collect();
    let name: Vec<_> = new.iter().map(|product| product.name.as_str()).collect();
    let description: Vec<_> = new.iter().map(|product| product.description.as_str()).collect();
    let vendor_id: Vec<_> = new.iter().map(|product| product.vendor_id.as_uuid()).collect();
    let price_minor: Vec<_> = new.iter().map(|product| product.price.amount_minor).collect();
    let currency: Vec<_> = new.iter().map(|product| product.price.currency.code()).collect();
    let active: Vec<_> = new.iter().map(|product| product.active).collect();
    let backorder: Vec<_> = new.iter().map(|product| product.backorder).collect();
    let rows = sqlx::query_as!(
        DetailsRow,
        r#"WITH created AS (
               INSERT INTO catalogue.products
                      (sku, name, description, vendor_id, price_minor, currency, active, backorder, created_at, updated_at)
               SELECT unnest($1::text[]) AS sku, unnest($2::text[]) AS name, unnest($3::text[]) AS description,
                      unnest($4::uuid[]) AS vendor_id, unnest($5::bigint[]) AS price_minor,
                      unnest($6::text[]) AS currency, unnest($7::bool[]) AS active, unnest($10::bool[]) AS backorder,
                      $8 AS created_at, $8 AS updated_at
                ORDER BY sku
               ON CONFLICT (sku) DO NOTHING
               RETURNING sku, name, description, vendor_id, price_minor, currency, active, backorder, created_at, updated_at
           ), priced AS (
               INSERT INTO catalogue.prices (sku, valid_from, price_minor, currency, changed_by)
               SELECT created.sku, $8 AS valid_from, created.price_minor, created.currency, $9 AS changed_by
                 FROM created
           )
           SELECT sku AS "sku!", name AS "name!", description AS "description!", vendor_id AS "vendor_id!",
                  price_minor AS "price_minor!", currency AS "currency!", active AS "active!",
                  backorder AS "backorder!",
                  created_at AS "created_at!", updated_at AS "updated_at!"
             FROM created"#,
        &sku as &[&str],
        &name as &[&str],
        &description as &[&str],
        &vendor_id,
        &price_minor,
        &currency as &[&str],
        &active,
        now,
        changed_by,
        &backorder,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ProductDetails::try_from).collect()
}

/// The product of any vendor, locked until the transaction ends.
pub(crate) async fn lock(tx: &mut PgConnection, sku: &Sku) -> Result<Option<ProductDetails>, CatalogueError> {
    let row = sqlx::query_as!(
        DetailsRow,
        "SELECT sku, name, description, vendor_id, price_minor, currency, active, backorder, created_at, updated_at
           FROM catalogue.products WHERE sku = $1 FOR NO KEY UPDATE",
        sku.as_str(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(ProductDetails::try_from).transpose()
}

/// `None` when there is no such product, or it belongs to another vendor.
pub(crate) async fn update(
    connection: &mut PgConnection,
    editor: Editor,
    sku: &Sku,
    change: &ProductChange,
    now: Timestamp,
) -> Result<Option<ProductDetails>, CatalogueError> {
    let owner = match editor {
        Editor::Vendor(vendor) => Some(vendor.as_uuid()),
        Editor::Admin(_) => None,
    };
    let price_minor = change.price.map(|price| price.amount_minor);
    let row = sqlx::query_as!(
        DetailsRow,
        "UPDATE catalogue.products
            SET name = COALESCE($3, name), description = COALESCE($4, description),
                price_minor = COALESCE($5, price_minor), currency = COALESCE($6, currency),
                active = COALESCE($7, active), backorder = COALESCE($10, backorder),
                vendor_id = COALESCE($9, vendor_id), updated_at = $8
          WHERE sku = $1 AND ($2::uuid IS NULL OR vendor_id = $2)
         RETURNING sku, name, description, vendor_id, price_minor, currency, active, backorder, created_at, updated_at",
        sku.as_str(),
        owner,
        change.name.as_ref().map(ProductName::as_str),
        change.description.as_ref().map(Description::as_str),
        price_minor,
        change.price.map(|price| price.currency.code()),
        change.active,
        now,
        change.vendor_id.map(|vendor| vendor.as_uuid()),
        change.backorder,
    )
    .fetch_optional(connection)
    .await?;
    row.map(ProductDetails::try_from).transpose()
}

/// Withdraws the active products of the vendor, and returns how many there were.
pub(crate) async fn withdraw_of(tx: &mut PgConnection, vendor: UserId, now: Timestamp) -> sqlx::Result<u64> {
    let withdrawn = sqlx::query!(
        "UPDATE catalogue.products SET active = false, updated_at = $2 WHERE vendor_id = $1 AND active",
        vendor.as_uuid(),
        now,
    );
    Ok(withdrawn.execute(tx).await?.rows_affected())
}

/// The `ILIKE` pattern for texts in NFC that contain `text`; `%`, `_` and `\` in `text` are escaped.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in domain::text::normalised(text).chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

impl TryFrom<ProductRow> for Product {
    type Error = CatalogueError;

    fn try_from(row: ProductRow) -> Result<Self, CatalogueError> {
        let stored = StoredRow::new("catalogue.products", &row.sku);
        let currency = stored.read_column("currency", row.currency.parse())?;
        Ok(Self {
            sku: stored.read_column("sku", row.sku.parse())?,
            price: stored.read_column("price_minor", Money::new(row.price_minor, currency))?,
            name: row.name,
            vendor_id: UserId::from_uuid(row.vendor_id),
            active: row.active,
            backorder: row.backorder,
        })
    }
}

impl TryFrom<DetailsRow> for ProductDetails {
    type Error = CatalogueError;

    fn try_from(row: DetailsRow) -> Result<Self, CatalogueError> {
        let DetailsRow { sku, name, vendor_id, price_minor, currency, active, backorder, .. } = row;
        let product = ProductRow { sku, name, vendor_id, price_minor, currency, active, backorder };
        Ok(Self {
            product: product.try_into()?,
            description: row.description,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
