//! SQL of the pages: who may see an order stands in each `WHERE`.
//!
//! What depends on the viewer and on the filter is put together from fixed pieces, so that each combination has a
//! plan of its own; `$1 IS NULL OR …` would give them one that fits none.

use crate::error::StoreError;
use crate::find_order::LineView;
use crate::list_orders::{OrderFilter, OrderSummary};
use crate::store::lock_sagas::{bad, read};
use crate::viewer::Viewer;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use domain::money::Money;
use domain::order::{FulfilmentStatus, OrderStatus, StoredReason};
use domain::product::Quantity;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

/// Ids rise with the time that an order was made at, but when a clock is set back: so far, and no further, an order
/// may lie from its place.
const CLOCK_STEP_MAX: TimeDelta = TimeDelta::minutes(10);

/// An order, and what only its own page shows.
pub(crate) struct Found {
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
) -> Result<Option<Found>, StoreError> {
    let mut query = select(viewer);
    push_visible(&mut query, viewer);
    query.push(" AND o.id = ").push_bind(id.as_uuid());
    let row: Option<OrderRow> = query.build_query_as().fetch_optional(connection).await?;
    row.map(|row| found(row, viewer)).transpose()
}

/// For the rest of the transaction; see `platform::postgres::pool`.
pub(crate) async fn may_read_whole_tables(tx: &mut PgConnection) -> sqlx::Result<()> {
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

/// The lines that the viewer may see, in their order.
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
    let (id, currency) = (order.id.as_uuid(), order.total.currency);
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let unit_price = Money::new(row.unit_price_minor, currency);
        let unit_price = unit_price.map_err(|problem| bad("items", "unit_price_minor", id, &problem))?;
        let quantity = Quantity::try_from(i64::from(row.quantity));
        let quantity = quantity.map_err(|problem| bad("items", "quantity", id, &problem))?;
        let line_total = unit_price.times(quantity.get());
        lines.push(LineView {
            line_no: row.line_no,
            sku: read("items", "sku", id, &row.sku)?,
            name: row.name,
            vendor_id: UserId::from_uuid(row.vendor_id),
            quantity,
            unit_price,
            line_total: line_total.map_err(|problem| bad("items", "unit_price_minor", id, &problem))?,
        });
    }
    Ok(lines)
}

/// Orders that the viewer may see. A vendor's total is that of their own lines, unless they placed the order; `whole` tells
/// if there are no others.
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

/// Of one order that is known: whether the viewer may see it.
pub(super) fn push_visible(query: &mut QueryBuilder<Postgres>, viewer: Viewer) {
    query.push("(");
    if viewer.vendor().is_some() {
        push_listed(query, Viewer::Customer(viewer.id()));
        query.push(" OR ");
    }
    push_listed(query, viewer);
    query.push(")");
}

/// Of all orders: those of one kind that the viewer may see. A vendor's are those with a line of theirs; those that they
/// placed are listed by themselves, since no index finds both together.
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
    // The bounds on ids let the primary key find the place; those on the time are exact.
    if let Some(from) = filter.created_from {
        query.push(" AND o.created_at >= ").push_bind(from);
        query.push(" AND o.id >= ").push_bind(first_id(from.checked_sub_signed(CLOCK_STEP_MAX).unwrap_or(from)));
    }
    if let Some(to) = filter.created_to {
        query.push(" AND o.created_at < ").push_bind(to);
        query.push(" AND o.id < ").push_bind(first_id(to.checked_add_signed(CLOCK_STEP_MAX).unwrap_or(to)));
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

/// The least UUID v7 of that time.
fn first_id(time: Timestamp) -> Uuid {
    let since_1970_ms = u64::try_from(time.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(since_1970_ms, &[0; 10]).into_uuid()
}

fn found(row: OrderRow, viewer: Viewer) -> Result<Found, StoreError> {
    let order = summary(&row, viewer)?;
    let booked_once = !matches!(order.fulfilment_status, FulfilmentStatus::Unallocated);
    Ok(Found { sees_shipments: booked_once && row.whole, order, payment_method: row.payment_method, note: row.note })
}

fn summary(row: &OrderRow, viewer: Viewer) -> Result<OrderSummary, StoreError> {
    let id = row.id;
    let currency = read("orders", "currency", id, &row.currency)?;
    let total = Money::new(row.total_minor, currency);
    let status = read("orders", "status", id, &row.status)?;
    Ok(OrderSummary {
        id: OrderId::from_uuid(id),
        customer_id: UserId::from_uuid(row.customer_id),
        status,
        payment_status: read("orders", "payment_status", id, &row.payment_status)?,
        fulfilment_status: read("orders", "fulfilment_status", id, &row.fulfilment_status)?,
        reason: row.reason.clone().map(|reason| shown_reason(status, reason)),
        attention: row.attention.clone().filter(|_| viewer.is_admin()),
        total: total.map_err(|problem| bad("orders", "total_minor", id, &problem))?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// Of a cancellation the reason of the closed set; what was free text before is told by the timeline, to those who may.
fn shown_reason(status: OrderStatus, reason: String) -> String {
    match status {
        OrderStatus::Cancelling | OrderStatus::Cancelled => StoredReason::from(reason).reason.to_string(),
        _ => reason,
    }
}
