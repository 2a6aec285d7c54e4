//! SQL that reads orders for their pages. Every `WHERE` restricts the rows to those that the viewer may see.

use super::ORDERS;
use super::order_filters::{Created, push_page, push_visible};
use crate::error::StoreError;
use crate::filters::OrderFilter;
use crate::viewer::Viewer;
use crate::views::{LineView, OrderSummary};
use domain::Timestamp;
use domain::ids::{OrderId, ReturnId, UserId};
use domain::money::{Money, MoneyError};
use domain::order::{FulfilmentStatus, OrderNumber, OrderStatus, StoredReason};
use domain::product::Quantity;
use platform::consistency::StoredRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An order with the fields that lists don't contain.
pub(crate) struct FoundOrder {
    pub order: OrderSummary,
    pub payment_method: String,
    pub note: Option<String>,
    pub metadata: BTreeMap<String, String>,
    /// `None` for a vendor.
    pub shipping_minor: Option<i64>,
    pub has_recipient: bool,
    /// The return whose units it replaces.
    pub exchange_of: Option<ReturnId>,
    pub sees_shipments: bool,
}

#[derive(FromRow)]
struct OrderRow {
    id: Uuid,
    order_number: i64,
    external_ref: Option<String>,
    customer_id: Uuid,
    status: String,
    payment_status: String,
    fulfilment_status: String,
    reason: Option<String>,
    attention: Option<String>,
    currency: String,
    total_minor: i64,
    payment_method: String,
    note: Option<String>,
    shipping_minor: i64,
    has_recipient: bool,
    /// Only of a single order.
    #[sqlx(default)]
    metadata: Option<Json<BTreeMap<String, String>>>,
    /// Only of a single order.
    #[sqlx(default)]
    exchange_of: Option<Uuid>,
    whole: bool,
    version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    id: OrderId,
    viewer: Viewer,
) -> Result<Option<FoundOrder>, StoreError> {
    let mut query = select(
        viewer,
        "(SELECT jsonb_object_agg(key, value) FROM orders.metadata WHERE order_id = o.id) AS metadata,
         (SELECT e.return_id FROM orders.exchanges e WHERE e.order_id = o.id) AS exchange_of, ",
    );
    query.push("orders.orders o");
    push_own_lines(&mut query, viewer);
    query.push(" WHERE ");
    push_visible(&mut query, viewer);
    query.push(" AND o.id = ").push_bind(id.as_uuid());
    let row: Option<OrderRow> = query.build_query_as().fetch_optional(connection).await?;
    row.map(|row| found(row, viewer)).transpose()
}

pub(crate) async fn list(
    connection: &mut PgConnection,
    viewer: Viewer,
    filter: &OrderFilter,
    created: Created,
    limit: u32,
) -> Result<Vec<OrderSummary>, StoreError> {
    let mut query = select(viewer, "");
    push_page(&mut query, viewer, filter, created, limit);
    push_own_lines(&mut query, viewer);
    query.push(" ORDER BY o.id DESC");
    let query = query.build_query_as().persistent(!filter.has_uneven_values());
    let rows: Vec<OrderRow> = query.fetch_all(connection).await?;
    rows.into_iter().map(|row| summary(&row, viewer)).collect()
}

/// The lines that the viewer may see, by line number.
pub(crate) async fn lines(
    connection: &mut PgConnection,
    order: &OrderSummary,
    viewer: Viewer,
) -> Result<Vec<LineView>, StoreError> {
    let viewer = viewer.of_order_by(order.customer_id);
    let rows = sqlx::query!(
        r#"SELECT line_no, sku, name, vendor_id, quantity, unit_price_minor, tax_minor, discount_minor,
                  coalesce((SELECT (state -> 'cancelled' ->> item.sku)::bigint FROM orders.sagas
                             WHERE order_id = item.order_id), 0) AS "cancelled_units!"
           FROM orders.items item
          WHERE order_id = $1 AND ($2::uuid IS NULL OR vendor_id = $2)
          ORDER BY line_no"#,
        order.id.as_uuid(),
        viewer.vendor().map(|vendor| vendor.as_uuid()),
    )
    .fetch_all(connection)
    .await?;
    let (stored, currency) = (StoredRow::new("orders.items", order.id), order.total.currency);
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let unit_price = stored.read_column("unit_price_minor", Money::new(row.unit_price_minor, currency))?;
        let adjusted = row.tax_minor - row.discount_minor;
        let quantity = stored.read_column("quantity", Quantity::try_from(i64::from(row.quantity)))?;
        lines.push(LineView {
            line_no: row.line_no,
            sku: stored.read_column("sku", row.sku.parse())?,
            name: row.name,
            vendor_id: UserId::from_uuid(row.vendor_id),
            quantity,
            cancelled_units: stored.read_column("cancelled", u32::try_from(row.cancelled_units))?,
            unit_price,
            tax_minor: row.tax_minor,
            discount_minor: row.discount_minor,
            line_total: stored.read_column("unit_price_minor", line_total(unit_price, quantity, adjusted))?,
        });
    }
    Ok(lines)
}

/// `adjusted` is the tax minus the discount.
fn line_total(unit_price: Money, quantity: Quantity, adjusted: i64) -> Result<Money, MoneyError> {
    let price = unit_price.times(quantity.get())?;
    let total = price.amount_minor.checked_add(adjusted).ok_or(MoneyError::Overflow)?;
    Money::new(total, price.currency)
}

/// A query of orders up to its FROM; the table `o` and [`push_own_lines`] follow. For a vendor, the total is that of
/// their own lines, unless they placed the order; `whole` is true when the order has no lines of other vendors. `more`
/// are further columns.
fn select(viewer: Viewer, more: &'static str) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT o.id, o.order_number, o.external_ref, o.shipping_minor, o.has_recipient, o.customer_id, o.status,
                o.payment_status, o.fulfilment_status, o.reason, o.attention, o.currency, o.payment_method, o.note,
                o.version, o.created_at, o.updated_at, ",
    );
    query.push(more);
    match viewer.vendor() {
        None => query.push("o.total_minor, true AS whole FROM "),
        Some(vendor) => query
            .push("CASE WHEN o.customer_id = ")
            .push_bind(vendor.as_uuid())
            .push(" THEN o.total_minor ELSE own.total_minor END AS total_minor, own.whole OR o.customer_id = ")
            .push_bind(vendor.as_uuid())
            .push(" AS whole FROM "),
    };
    query
}

/// For a vendor: joins the total of their lines.
fn push_own_lines(query: &mut QueryBuilder<Postgres>, viewer: Viewer) {
    let Some(vendor) = viewer.vendor() else { return };
    query
        .push(
            " CROSS JOIN LATERAL (
                SELECT COALESCE(sum(quantity * unit_price_minor + tax_minor - discount_minor)
                                FILTER (WHERE vendor_id = ",
        )
        .push_bind(vendor.as_uuid())
        .push("), 0)::bigint AS total_minor, COALESCE(bool_and(vendor_id = ")
        .push_bind(vendor.as_uuid())
        .push("), false) AS whole FROM orders.items WHERE order_id = o.id) AS own");
}

fn found(row: OrderRow, viewer: Viewer) -> Result<FoundOrder, StoreError> {
    let order = summary(&row, viewer)?;
    let was_allocated =
        !matches!(order.fulfilment_status, FulfilmentStatus::Unallocated | FulfilmentStatus::Backordered);
    let is_vendor = viewer.of_order_by(order.customer_id).vendor().is_some();
    let metadata = row.metadata.map(|Json(metadata)| metadata).filter(|_| !is_vendor);
    Ok(FoundOrder {
        sees_shipments: was_allocated && row.whole,
        order,
        payment_method: row.payment_method,
        note: row.note,
        metadata: metadata.unwrap_or_default(),
        shipping_minor: (!is_vendor).then_some(row.shipping_minor),
        has_recipient: row.has_recipient,
        exchange_of: row.exchange_of.map(ReturnId::from_uuid),
    })
}

fn summary(row: &OrderRow, viewer: Viewer) -> Result<OrderSummary, StoreError> {
    let id = row.id;
    let stored = StoredRow::new(ORDERS, id);
    let currency = stored.read_column("currency", row.currency.parse())?;
    let status = stored.read_column("status", row.status.parse())?;
    let customer_id = UserId::from_uuid(row.customer_id);
    let is_vendor = viewer.of_order_by(customer_id).vendor().is_some();
    Ok(OrderSummary {
        id: OrderId::from_uuid(id),
        order_number: stored.read_column("order_number", OrderNumber::from_sequence(row.order_number))?,
        external_ref: row.external_ref.clone().filter(|_| !is_vendor),
        customer_id,
        status,
        payment_status: stored.read_column("payment_status", row.payment_status.parse())?,
        fulfilment_status: stored.read_column("fulfilment_status", row.fulfilment_status.parse())?,
        reason: row.reason.clone().map(|reason| visible_reason(status, reason)),
        attention: row.attention.clone().filter(|_| viewer.is_admin()),
        total: stored.read_column("total_minor", Money::new(row.total_minor, currency))?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// The reason of a cancellation as one of the closed set. Free text that older versions stored as the reason is shown
/// as a note in the timeline, to viewers who may see it.
fn visible_reason(status: OrderStatus, reason: String) -> String {
    match status {
        OrderStatus::Cancelling | OrderStatus::Cancelled => StoredReason::from(reason).reason.to_string(),
        _ => reason,
    }
}
