//! SQL that finds returns for their pages. Every `WHERE` restricts the rows to those that the viewer may see.

use crate::error::StoreError;
use crate::return_model::{ReturnEventView, ReturnFilter};
use crate::viewer::Viewer;
use domain::ids::{OrderId, ReturnId};
use domain::returns::ReturnEntryKind;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use std::collections::HashMap;
use uuid::Uuid;

/// The ids of a page, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    viewer: Viewer,
    filter: &ReturnFilter,
    limit: u32,
) -> sqlx::Result<Vec<ReturnId>> {
    let mut query = QueryBuilder::new("SELECT r.id FROM orders.returns r WHERE ");
    push_visible(&mut query, viewer);
    if let Some(status) = filter.status {
        query.push(" AND r.status = ").push_bind(<&str>::from(status));
    }
    if let Some(order) = filter.order {
        query.push(" AND r.order_id = ").push_bind(order.as_uuid());
    }
    match filter.attention {
        Some(true) => query.push(" AND r.attention IS NOT NULL"),
        Some(false) => query.push(" AND r.attention IS NULL"),
        None => &mut query,
    };
    if let Some(after) = filter.after {
        query.push(" AND r.id < ").push_bind(after.0.as_uuid());
    }
    query.push(" ORDER BY r.id DESC LIMIT ").push_bind(i64::from(limit));
    let ids: Vec<Uuid> = query.build_query_scalar().fetch_all(connection).await?;
    Ok(ids.into_iter().map(ReturnId::from_uuid).collect())
}

/// Whether the return exists and the viewer may see it.
pub(crate) async fn order_of(
    connection: &mut PgConnection,
    id: ReturnId,
    viewer: Viewer,
) -> sqlx::Result<Option<OrderId>> {
    let mut query = QueryBuilder::new("SELECT r.order_id FROM orders.returns r WHERE ");
    push_visible(&mut query, viewer);
    query.push(" AND r.id = ").push_bind(id.as_uuid());
    let order: Option<Uuid> = query.build_query_scalar().fetch_optional(connection).await?;
    Ok(order.map(OrderId::from_uuid))
}

/// The timeline of a return.
pub(crate) async fn events(
    connection: &mut PgConnection,
    id: ReturnId,
    viewer: Viewer,
) -> Result<Vec<ReturnEventView>, StoreError> {
    let rows = sqlx::query!(
        "SELECT version, kind, detail, actor, at FROM orders.return_events WHERE return_id = $1 ORDER BY version",
        id.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    let is_staff = viewer.is_admin();
    let is_hidden =
        |kind: &str| !is_staff && kind.parse::<ReturnEntryKind>().map_or(true, ReturnEntryKind::is_for_staff);
    let role = |actor: String| actor.split(':').next().unwrap_or_default().to_owned();
    let event = rows.into_iter().map(|row| ReturnEventView {
        version: row.version,
        detail: row.detail.filter(|_| !is_hidden(&row.kind)),
        kind: row.kind,
        actor: row.actor.map(|actor| if is_staff { actor } else { role(actor) }),
        at: row.at,
    });
    Ok(event.collect())
}

/// The orders that replace the units of returns, the oldest first.
pub(crate) async fn exchanges(
    connection: &mut PgConnection,
    returns: &[ReturnId],
) -> sqlx::Result<HashMap<ReturnId, Vec<OrderId>>> {
    let ids: Vec<_> = returns.iter().map(ReturnId::as_uuid).collect();
    let rows = sqlx::query!(
        "SELECT return_id, order_id FROM orders.exchanges WHERE return_id = ANY($1) ORDER BY return_id, order_id",
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let mut exchanges: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        exchanges.entry(ReturnId::from_uuid(row.return_id)).or_default().push(OrderId::from_uuid(row.order_id));
    }
    Ok(exchanges)
}

/// A customer sees their own returns, a vendor also those of their products, staff all.
fn push_visible(query: &mut QueryBuilder<Postgres>, viewer: Viewer) {
    let id = viewer.id().as_uuid();
    match viewer {
        Viewer::Customer(_) => query.push("r.customer_id = ").push_bind(id),
        Viewer::Vendor(_) => {
            query.push("(r.vendor_id = ").push_bind(id).push(" OR r.customer_id = ").push_bind(id).push(")")
        }
        Viewer::Admin(_) => query.push("true"),
    };
}
