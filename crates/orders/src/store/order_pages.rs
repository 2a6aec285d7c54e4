//! SQL that reads orders for their pages. Every `WHERE` restricts the rows to those that the viewer may see.
//!
//! Conditions that depend on the viewer and on the filter are assembled from fixed pieces, so that each combination
//! gets a plan of its own; one statement with `$1 IS NULL OR …` would get a plan that fits none of them.

use super::ORDERS;
use crate::error::StoreError;
use crate::filters::OrderFilter;
use crate::viewer::Viewer;
use crate::views::{LineView, OrderSummary};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use domain::money::Money;
use domain::order::{FulfilmentStatus, OrderStatus, StoredReason};
use domain::product::Quantity;
use platform::consistency::StoredRow;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

/// Ids rise with the creation time of orders, unless a clock is set back. A range of ids for a range of times is
/// widened by this much, the largest step back that it tolerates.
const CLOCK_STEP_MAX: TimeDelta = TimeDelta::minutes(10);

/// An order with the fields that lists don't contain.
pub(crate) struct FoundOrder {
    pub order: OrderSummary,
    pub payment_method: String,
    pub note: Option<String>,
    pub sees_shipments: bool,
}

#[derive(FromRow)]
struct OrderRow {
    id: Uuid,
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
    let mut query = select(viewer);
    push_visible(&mut query, viewer);
    query.push(" AND o.id = ").push_bind(id.as_uuid());
    let row: Option<OrderRow> = query.build_query_as().fetch_optional(connection).await?;
    row.map(|row| found(row, viewer)).transpose()
}

/// For the rest of the transaction; `platform::postgres::pool` forbids them by default.
pub(crate) async fn allow_sequential_scans(tx: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SET LOCAL enable_seqscan = on").execute(tx).await?;
    Ok(())
}

pub(crate) async fn list(
    connection: &mut PgConnection,
    viewer: Viewer,
    filter: &OrderFilter,
    limit: u32,
) -> Result<Vec<OrderSummary>, StoreError> {
    let mut query = select(viewer);
    push_listed(&mut query, viewer);
    narrow(&mut query, viewer, filter);
    query.push(" ORDER BY o.id DESC LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<OrderRow> = query.build_query_as().fetch_all(connection).await?;
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
        "SELECT line_no, sku, name, vendor_id, quantity, unit_price_minor FROM orders.items
          WHERE order_id = $1 AND ($2::uuid IS NULL OR vendor_id = $2)
          ORDER BY line_no",
        order.id.as_uuid(),
        viewer.vendor().map(|vendor| vendor.as_uuid()),
    )
    .fetch_all(connection)
    .await?;
    let (stored, currency) = (StoredRow::new("orders.items", order.id), order.total.currency);
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let unit_price = stored.read_column("unit_price_minor", Money::new(row.unit_price_minor, currency))?;
        let quantity = stored.read_column("quantity", Quantity::try_from(i64::from(row.quantity)))?;
        lines.push(LineView {
            line_no: row.line_no,
            sku: stored.read_column("sku", row.sku.parse())?,
            name: row.name,
            vendor_id: UserId::from_uuid(row.vendor_id),
            quantity,
            unit_price,
            line_total: stored.read_column("unit_price_minor", unit_price.times(quantity.get()))?,
        });
    }
    Ok(lines)
}

/// The start of a query of orders. For a vendor, the total is that of their own lines, unless they placed the order;
/// `whole` is true when the order has no lines of other vendors.
fn select(viewer: Viewer) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT o.id, o.customer_id, o.status, o.payment_status, o.fulfilment_status, o.reason, o.attention,
                o.currency, o.payment_method, o.note, o.version, o.created_at, o.updated_at, ",
    );
    match viewer.vendor() {
        None => query.push("o.total_minor, true AS whole FROM orders.orders o WHERE "),
        Some(vendor) => query
            .push("CASE WHEN o.customer_id = ")
            .push_bind(vendor.as_uuid())
            .push(" THEN o.total_minor ELSE own.total_minor END AS total_minor, own.whole OR o.customer_id = ")
            .push_bind(vendor.as_uuid())
            .push(
                " AS whole FROM orders.orders o CROSS JOIN LATERAL (
                    SELECT COALESCE(sum(quantity * unit_price_minor) FILTER (WHERE vendor_id = ",
            )
            .push_bind(vendor.as_uuid())
            .push("), 0)::bigint AS total_minor, COALESCE(bool_and(vendor_id = ")
            .push_bind(vendor.as_uuid())
            .push("), false) AS whole FROM orders.items WHERE order_id = o.id) AS own WHERE "),
    };
    query
}

/// The condition that the viewer may see an order, for a query of one order.
pub(super) fn push_visible(query: &mut QueryBuilder<Postgres>, viewer: Viewer) {
    query.push("(");
    if viewer.vendor().is_some() {
        push_listed(query, Viewer::Customer(viewer.id()));
        query.push(" OR ");
    }
    push_listed(query, viewer);
    query.push(")");
}

/// The condition that the viewer may see an order, for a list. For a vendor: the orders with a line of theirs. The
/// orders that the vendor placed are listed with a query of their own, since no index covers both.
fn push_listed(query: &mut QueryBuilder<Postgres>, viewer: Viewer) {
    match viewer {
        Viewer::Admin(_) => query.push("true"),
        Viewer::Customer(customer) => query.push("o.customer_id = ").push_bind(customer.as_uuid()),
        Viewer::Vendor(vendor) => query
            .push("EXISTS (SELECT FROM orders.items mine WHERE mine.order_id = o.id AND mine.vendor_id = ")
            .push_bind(vendor.as_uuid())
            .push(")"),
    };
}

fn narrow(query: &mut QueryBuilder<Postgres>, viewer: Viewer, filter: &OrderFilter) {
    if let Some(after) = filter.after {
        query.push(" AND o.id < ").push_bind(after.0.as_uuid());
    }
    if let Some(status) = filter.status {
        query.push(" AND o.status = ").push_bind(<&'static str>::from(status));
    }
    // The bounds on ids let the planner use the primary key; the bounds on the time are exact.
    if let Some(from) = filter.created_from {
        query.push(" AND o.created_at >= ").push_bind(from);
        query.push(" AND o.id >= ").push_bind(lower_bound(from.checked_sub_signed(CLOCK_STEP_MAX).unwrap_or(from)));
    }
    if let Some(to) = filter.created_to {
        query.push(" AND o.created_at < ").push_bind(to);
        query.push(" AND o.id < ").push_bind(lower_bound(to.checked_add_signed(CLOCK_STEP_MAX).unwrap_or(to)));
    }
    if let Some(sku) = &filter.sku {
        query.push(" AND EXISTS (SELECT FROM orders.items line WHERE line.order_id = o.id AND line.sku = ");
        query.push_bind(sku.as_str().to_owned());
        if let Some(vendor) = viewer.vendor() {
            query.push(" AND line.vendor_id = ").push_bind(vendor.as_uuid());
        }
        query.push(")");
    }
}

/// The smallest UUID v7 of that time.
fn lower_bound(time: Timestamp) -> Uuid {
    let since_1970_ms = u64::try_from(time.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(since_1970_ms, &[0; 10]).into_uuid()
}

fn found(row: OrderRow, viewer: Viewer) -> Result<FoundOrder, StoreError> {
    let order = summary(&row, viewer)?;
    let was_allocated = !matches!(order.fulfilment_status, FulfilmentStatus::Unallocated);
    Ok(FoundOrder {
        sees_shipments: was_allocated && row.whole,
        order,
        payment_method: row.payment_method,
        note: row.note,
    })
}

fn summary(row: &OrderRow, viewer: Viewer) -> Result<OrderSummary, StoreError> {
    let id = row.id;
    let stored = StoredRow::new(ORDERS, id);
    let currency = stored.read_column("currency", row.currency.parse())?;
    let status = stored.read_column("status", row.status.parse())?;
    Ok(OrderSummary {
        id: OrderId::from_uuid(id),
        customer_id: UserId::from_uuid(row.customer_id),
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
