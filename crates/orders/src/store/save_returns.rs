//! SQL that saves returns: new ones, and changes of those whose orders are locked.

use super::returns::RETURNS;
use crate::error::StoreError;
use crate::return_model::{ReturnChange, StoredReturn};
use domain::Timestamp;
use domain::order::order_request::Note;
use domain::returns::{CountedUnits, ReturnEntry, ReturnState, ReturnStatus};
use platform::consistency::ensure_rows;
use sqlx::PgConnection;
use uuid::Uuid;

/// Inserts a new return with its lines. [`save`] adds its first timeline entry.
pub(crate) async fn insert(tx: &mut PgConnection, new: &StoredReturn, now: Timestamp) -> Result<(), StoreError> {
    let (returned, reason): (_, &str) = (&new.returned, new.reason.into());
    let (status, active): (&str, bool) = (returned.status().into(), returned.state.is_active());
    let refund_id = returned.refund_id().as_uuid();
    sqlx::query!(
        "INSERT INTO orders.returns
             (id, order_id, customer_id, vendor_id, state, status, reason, note, active, deadline_at, version,
              correlation_id, traceparent, created_at, updated_at, refund_id)
         SELECT $1 AS id, $2 AS order_id, $3 AS customer_id, $4 AS vendor_id, $5::text::jsonb AS state, $6 AS status,
                $7 AS reason, $8 AS note, $9 AS active, $10 AS deadline_at, $11 AS version, $12 AS correlation_id,
                $13 AS traceparent, $14 AS created_at, $14 AS updated_at, $15 AS refund_id",
        returned.id.as_uuid(),
        returned.order_id.as_uuid(),
        new.customer_id.as_uuid(),
        returned.vendor_id.as_uuid(),
        returned.state.to_json(),
        status,
        reason,
        new.note.as_deref(),
        active,
        new.deadline_at,
        returned.version,
        new.trace.correlation_id.as_str(),
        new.trace.traceparent.as_deref(),
        now,
        refund_id,
    )
    .execute(&mut *tx)
    .await?;
    insert_lines(tx, new).await
}

async fn insert_lines(tx: &mut PgConnection, new: &StoredReturn) -> Result<(), StoreError> {
    let (lines, order_id, return_id) =
        (&new.returned.lines, new.returned.order_id.as_uuid(), new.returned.id.as_uuid());
    let line_no: Vec<_> = lines.iter().map(|line| line.line_no).collect();
    let sku: Vec<_> = lines.iter().map(|line| line.sku.as_str()).collect();
    let quantity: Vec<_> = lines.iter().map(|line| line.quantity.get().cast_signed()).collect();
    sqlx::query!(
        "INSERT INTO orders.return_lines (order_id, return_id, line_no, sku, quantity)
         SELECT $1 AS order_id, $2 AS return_id, new.line_no, new.sku, new.quantity
           FROM (SELECT unnest($3::smallint[]) AS line_no, unnest($4::text[]) AS sku,
                        unnest($5::integer[]) AS quantity) AS new",
        order_id,
        return_id,
        &line_no,
        &sku as &[&str],
        &quantity,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Saves changes of returns with their new timeline entries.
pub(crate) async fn save(tx: &mut PgConnection, changes: &[ReturnChange], now: Timestamp) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let returns = Returns::of(changes);
    let saved = sqlx::query!(
        "UPDATE orders.returns AS r
            SET state = new.state::jsonb, status = new.status, attention = new.attention, active = new.active,
                deadline_at = new.deadline_at, version = new.version, updated_at = $1,
                warehouse_id = new.warehouse_id, decision_note = COALESCE(new.decision_note, r.decision_note)
           FROM (SELECT unnest($2::uuid[]) AS id, unnest($3::integer[]) AS version_before,
                        unnest($4::integer[]) AS version, unnest($5::text[]) AS state, unnest($6::text[]) AS status,
                        unnest($7::text[]) AS attention, unnest($8::boolean[]) AS active,
                        unnest($9::timestamptz[]) AS deadline_at, unnest($10::uuid[]) AS warehouse_id,
                        unnest($11::text[]) AS decision_note) AS new
          WHERE r.id = ANY($2) AND r.id = new.id AND r.version = new.version_before",
        now,
        &returns.id,
        &returns.version_before,
        &returns.version,
        &returns.state,
        &returns.status as &[&str],
        &returns.attention as &[Option<&str>],
        &returns.active,
        &returns.deadline_at as &[Option<Timestamp>],
        &returns.warehouse_id as &[Option<Uuid>],
        &returns.decision_note as &[Option<&str>],
    )
    .execute(&mut *tx)
    .await?;
    ensure_rows(RETURNS, changes.len(), saved.rows_affected())?;
    for change in changes.iter().filter(|change| change.is_counted()) {
        insert_counts(tx, change).await?;
    }
    insert_events(tx, changes, now).await
}

async fn insert_counts(tx: &mut PgConnection, change: &ReturnChange) -> Result<(), StoreError> {
    let returned = &change.transition.to;
    let (order_id, return_id, counts) = (returned.order_id.as_uuid(), returned.id.as_uuid(), &returned.counts);
    let line_no: Vec<_> = counts.iter().map(|count| count.line_no).collect();
    let condition: Vec<&str> = counts.iter().map(|count: &CountedUnits| count.condition.into()).collect();
    let quantity: Vec<_> = counts.iter().map(|count| count.quantity.get().cast_signed()).collect();
    let is_refunded: Vec<_> = counts.iter().map(|count| count.is_refunded).collect();
    sqlx::query!(
        "INSERT INTO orders.return_counts (order_id, return_id, line_no, condition, quantity, is_refunded)
         SELECT $1 AS order_id, $2 AS return_id, new.line_no, new.condition, new.quantity, new.is_refunded
           FROM (SELECT unnest($3::smallint[]) AS line_no, unnest($4::text[]) AS condition,
                        unnest($5::integer[]) AS quantity, unnest($6::boolean[]) AS is_refunded) AS new",
        order_id,
        return_id,
        &line_no,
        &condition as &[&str],
        &quantity,
        &is_refunded,
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_events(tx: &mut PgConnection, changes: &[ReturnChange], now: Timestamp) -> Result<(), StoreError> {
    let events = Events::of(changes);
    if events.version.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO orders.return_events (order_id, return_id, version, kind, detail, cause, actor, at)
         SELECT unnest($1::uuid[]) AS order_id, unnest($2::uuid[]) AS return_id, unnest($3::integer[]) AS version,
                unnest($4::text[]) AS kind, unnest($5::jsonb[]) AS detail, unnest($6::uuid[]) AS cause,
                unnest($7::text[]) AS actor, $8 AS at",
        &events.order_id,
        &events.return_id,
        &events.version,
        &events.kind as &[&str],
        &events.detail as &[Option<serde_json::Value>],
        &events.cause as &[Option<Uuid>],
        &events.actor as &[Option<&str>],
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The changed returns, by column.
struct Returns<'a> {
    id: Vec<Uuid>,
    version_before: Vec<i32>,
    version: Vec<i32>,
    state: Vec<String>,
    status: Vec<&'static str>,
    attention: Vec<Option<&'a str>>,
    active: Vec<bool>,
    deadline_at: Vec<Option<Timestamp>>,
    warehouse_id: Vec<Option<Uuid>>,
    decision_note: Vec<Option<&'a str>>,
}

impl<'a> Returns<'a> {
    fn of(changes: &'a [ReturnChange]) -> Self {
        let returns = || changes.iter().map(|change| &change.transition.to);
        Self {
            id: returns().map(|to| to.id.as_uuid()).collect(),
            version_before: changes.iter().map(|change| change.version_before).collect(),
            version: returns().map(|to| to.version).collect(),
            state: returns().map(|to| ReturnState::to_json(&to.state)).collect(),
            status: returns().map(|to| ReturnStatus::into(to.status())).collect(),
            attention: returns().map(|to| to.attention.as_deref()).collect(),
            active: returns().map(|to| to.state.is_active()).collect(),
            deadline_at: changes.iter().map(|change| change.deadline_at).collect(),
            warehouse_id: returns().map(|to| to.warehouse_id.map(|id| id.as_uuid())).collect(),
            decision_note: changes.iter().map(|change| change.decision_note.as_ref().map(Note::as_str)).collect(),
        }
    }
}

/// The new timeline entries, by column.
struct Events<'a> {
    order_id: Vec<Uuid>,
    return_id: Vec<Uuid>,
    version: Vec<i32>,
    kind: Vec<&'static str>,
    detail: Vec<Option<serde_json::Value>>,
    cause: Vec<Option<Uuid>>,
    actor: Vec<Option<&'a str>>,
}

impl<'a> Events<'a> {
    fn of(changes: &'a [ReturnChange]) -> Self {
        let entries: Vec<(&ReturnChange, i32, &ReturnEntry)> = changes
            .iter()
            .flat_map(|change| change.entries().map(move |(version, entry)| (change, version, entry)))
            .collect();
        Self {
            order_id: entries.iter().map(|(change, ..)| change.transition.to.order_id.as_uuid()).collect(),
            return_id: entries.iter().map(|(change, ..)| change.transition.to.id.as_uuid()).collect(),
            version: entries.iter().map(|(_, version, _)| *version).collect(),
            kind: entries.iter().map(|(.., entry)| entry.kind()).collect(),
            detail: entries.iter().map(|(.., entry)| entry.detail()).collect(),
            cause: entries.iter().map(|(change, ..)| change.cause.map(|cause| cause.as_uuid())).collect(),
            actor: entries.iter().map(|(change, ..)| change.actor.as_deref()).collect(),
        }
    }
}
