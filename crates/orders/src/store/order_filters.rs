//! The conditions of a list of orders. They are assembled from fixed pieces, so that each combination gets a plan of its
//! own; one statement with `$1 IS NULL OR …` would get a plan that fits none of them.

use super::changed_on::first_hour_at;
use super::status_groups::{OPEN, groups_of};
use crate::filters::OrderFilter;
use crate::viewer::Viewer;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::OrderId;
use sqlx::{Postgres, QueryBuilder};

/// Ids rise with the creation time of orders, unless a clock is set back. A range of ids for a range of times is
/// widened by this much, the largest step back that it tolerates.
const CLOCK_STEP_MAX: TimeDelta = TimeDelta::minutes(10);

/// Which orders are searched for those that changed at or after `changed_from`. Together they are all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    /// Placed since, or in their first hour then. They come first in the pages, and most of them match.
    Recently,
    /// The older ones: few of them match, which are found by the date of their last change.
    Before,
}

/// The page of orders, as a table `o`. The page of a filter by status is merged from the first rows of each group, that
/// of a filter by time of change from the first rows of each date.
pub(super) fn push_page(
    query: &mut QueryBuilder<Postgres>,
    viewer: Viewer,
    filter: &OrderFilter,
    created: Created,
    limit: u32,
) {
    query.push("(");
    let merged = Merged::of(viewer, filter, created);
    match merged {
        Merged::StatusGroups => push_status_groups(query, filter),
        Merged::Dates(from) => push_dates(query, from, filter),
        Merged::Nothing => {}
    }
    push_found(query, viewer, filter);
    push_changed(query, filter, created);
    push_statuses(query, filter, merged);
    let limit = i64::from(limit);
    let column = match merged {
        Merged::StatusGroups => "status_group",
        Merged::Dates(_) => "changed_on",
        Merged::Nothing => {
            query.push(" ORDER BY o.id DESC LIMIT ").push_bind(limit).push(") AS o");
            return;
        }
    };
    query.push(" AND o.").push(column).push(" = wanted.").push(column);
    query.push(" ORDER BY o.id DESC LIMIT ").push_bind(limit);
    query.push(") AS found ORDER BY found.id DESC LIMIT ").push_bind(limit).push(") AS o");
}

/// What the page is merged from, because no index has all of its orders in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merged {
    Nothing,
    StatusGroups,
    /// The dates since then.
    Dates(Timestamp),
}

impl Merged {
    fn of(viewer: Viewer, filter: &OrderFilter, created: Created) -> Self {
        match (created, filter.changed_from) {
            // An index of its own finds few orders, which one walk compares with the other conditions.
            _ if filter.names_orders() => Self::Nothing,
            (Created::Before, Some(from)) => Self::Dates(from),
            // No index has the statuses of the orders with a vendor's lines.
            _ if viewer.vendor().is_none() && filter.has_status() => Self::StatusGroups,
            _ => Self::Nothing,
        }
    }
}

fn push_status_groups(query: &mut QueryBuilder<Postgres>, filter: &OrderFilter) {
    query.push("SELECT found.* FROM unnest(");
    query.push_bind(groups_of(&filter.status, &filter.payment_status));
    query.push(") AS wanted(status_group) CROSS JOIN LATERAL (");
}

/// Dates before the first change and after the last one are left out.
fn push_dates(query: &mut QueryBuilder<Postgres>, from: Timestamp, filter: &OrderFilter) {
    query
        .push("SELECT found.* FROM (SELECT day::date AS changed_on FROM generate_series(greatest(")
        .push_bind(from.date_naive())
        .push(", (SELECT min(changed_on) FROM orders.orders)), least(")
        .push_bind(filter.changed_to.map(|to| to.date_naive()))
        .push("::date, (SELECT max(changed_on) FROM orders.orders)), interval '1 day') AS day) AS wanted")
        .push(" CROSS JOIN LATERAL (");
}

fn push_found(query: &mut QueryBuilder<Postgres>, viewer: Viewer, filter: &OrderFilter) {
    query.push("SELECT o.* FROM orders.orders o");
    // An order has one line of a SKU, and one entry of a key, so a join adds no rows. The position of the page is a
    // condition of each table, because the planner derives it for one of them only.
    if let Some(sku) = &filter.sku {
        query
            .push(" JOIN orders.items line ON line.order_id = o.id AND line.sku = ")
            .push_bind(sku.as_str().to_owned());
        if let Some(vendor) = viewer.vendor() {
            query.push(" AND line.vendor_id = ").push_bind(vendor.as_uuid());
        }
        push_after(query, "line.order_id", filter);
    }
    if let Some((key, value)) = &filter.metadata {
        query.push(" JOIN orders.metadata entry ON entry.order_id = o.id AND entry.key = ");
        query.push_bind(key.as_str().to_owned()).push(" AND entry.value = ").push_bind(value.as_str().to_owned());
        if let Some(customer) = viewer.customer().or(filter.customer) {
            query.push(" AND entry.customer_id = ").push_bind(customer.as_uuid());
        }
        push_after(query, "entry.order_id", filter);
    }
    query.push(" WHERE ");
    push_listed(query, viewer);
    push_equal(query, filter);
    push_times(query, filter);
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

/// The groups select the statuses already, except those of open orders.
fn push_statuses(query: &mut QueryBuilder<Postgres>, filter: &OrderFilter, merged: Merged) {
    let statuses: Vec<&'static str> = filter.status.iter().map(Into::into).collect();
    let payment_statuses: Vec<&'static str> = filter.payment_status.iter().map(Into::into).collect();
    for (column, allowed) in [("status", statuses), ("payment_status", payment_statuses)] {
        if allowed.is_empty() {
            continue;
        }
        query.push(" AND (");
        if merged == Merged::StatusGroups {
            query.push("wanted.status_group <> ").push(OPEN).push(" OR ");
        }
        query.push("o.").push(column).push(" = ANY (").push_bind(allowed).push("))");
    }
}

fn push_equal(query: &mut QueryBuilder<Postgres>, filter: &OrderFilter) {
    match filter.attention {
        Some(true) => _ = query.push(" AND o.attention IS NOT NULL"),
        Some(false) => _ = query.push(" AND o.attention IS NULL"),
        None => {}
    }
    if let Some(customer) = filter.customer {
        query.push(" AND o.customer_id = ").push_bind(customer.as_uuid());
    }
    if let Some(external_ref) = &filter.external_ref {
        query.push(" AND o.external_ref = ").push_bind(external_ref.as_str().to_owned());
    }
    if let Some(number) = filter.order_number {
        query.push(" AND o.order_number = ").push_bind(number.sequence());
    }
}

fn push_after(query: &mut QueryBuilder<Postgres>, column: &'static str, filter: &OrderFilter) {
    if let Some(after) = filter.after {
        query.push(" AND ").push(column).push(" < ").push_bind(after.0.as_uuid());
    }
}

/// The bounds on ids let the planner use the primary key; the bounds on times are exact.
fn push_times(query: &mut QueryBuilder<Postgres>, filter: &OrderFilter) {
    push_after(query, "o.id", filter);
    if let Some(from) = filter.created_from {
        query.push(" AND o.created_at >= ").push_bind(from);
        query.push(" AND o.id >= ").push_bind(first_id(from).as_uuid());
    }
    if let Some(to) = filter.created_to {
        query.push(" AND o.created_at < ").push_bind(to);
        query.push(" AND o.id < ").push_bind(end_of_ids(to).as_uuid());
    }
    // No order changes before it is created.
    if let Some(to) = filter.changed_to {
        query.push(" AND o.updated_at < ").push_bind(to);
        query.push(" AND o.id < ").push_bind(end_of_ids(to).as_uuid());
    }
}

/// The bounds on ids divide the orders between both searches.
fn push_changed(query: &mut QueryBuilder<Postgres>, filter: &OrderFilter, created: Created) {
    let Some(from) = filter.changed_from else { return };
    query.push(" AND o.updated_at >= ").push_bind(from);
    query.push(match created {
        Created::Recently => " AND o.id >= ",
        Created::Before => " AND o.id < ",
    });
    query.push_bind(first_hour_at(from).as_uuid());
}

fn first_id(from: Timestamp) -> OrderId {
    OrderId::lower_bound(from.checked_sub_signed(CLOCK_STEP_MAX).unwrap_or(from))
}

fn end_of_ids(to: Timestamp) -> OrderId {
    OrderId::lower_bound(to.checked_add_signed(CLOCK_STEP_MAX).unwrap_or(to))
}
