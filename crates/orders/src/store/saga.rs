//! Sagas with the orders that they move: locked together, saved together, each in one statement a batch.
//!
//! Whoever changes an order locks its saga and itself through here, in the order of their ids. Each table is told the
//! ids by itself (`= ANY`), though the join says them already: so its index is read, and not the whole of it
//! (a batch of 256 among 20,000 orders: 12 ms instead of 48 ms).

use crate::error::StoreError;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, UserId};
use domain::money::Money;
use domain::order::{Event, Order};
use domain::saga::OrderSaga;
use messaging::Trace;
use sqlx::PgConnection;
use std::fmt::Display;
use std::str::FromStr;
use uuid::Uuid;

/// An order and its saga as they stand, locked until the transaction ends.
#[derive(Debug, Clone)]
pub struct Standing {
    pub order: Order,
    pub saga: OrderSaga,
    pub customer_id: UserId,
    /// Of the request that placed the order.
    pub trace: Trace,
}

/// A saga that has just begun; its order is stored by the same transaction.
#[derive(Debug, Clone)]
pub struct Started {
    pub order_id: OrderId,
    pub saga: OrderSaga,
    pub deadline_at: Timestamp,
    pub trace: Trace,
}

/// An order and its saga as they stand after a move.
#[derive(Debug, Clone)]
pub struct Moved {
    pub order: Order,
    pub version_before: i32,
    pub saga: OrderSaga,
    pub deadline_at: Timestamp,
    pub events: Vec<Event>,
    /// The message that caused the move, if one did.
    pub cause: Option<MessageId>,
    /// Who asked for it, if somebody did.
    pub actor: Option<String>,
}

struct Row {
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
    version: i32,
    state: String,
    correlation_id: String,
    traceparent: Option<String>,
}

/// Locks those of `ids` that exist. A row that can't be read spoils itself only.
pub async fn lock(tx: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<(OrderId, Result<Standing, StoreError>)>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT o.id, o.customer_id, o.status, o.payment_status, o.fulfilment_status, o.reason, o.attention,
                  o.currency, o.total_minor, o.payment_method, o.version,
                  s.state::text AS "state!", s.correlation_id, s.traceparent
           FROM orders.sagas s JOIN orders.orders o ON o.id = s.order_id
           WHERE s.order_id = ANY($1::uuid[]) AND o.id = ANY($1::uuid[])
           ORDER BY s.order_id
           FOR NO KEY UPDATE"#,
        ids
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (OrderId::from_uuid(row.id), row.try_into())).collect())
}

/// Locks up to `limit` orders that heard nothing until their deadline and that nobody else is moving.
pub async fn lock_stalled(
    tx: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<(OrderId, Result<Standing, StoreError>)>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT o.id, o.customer_id, o.status, o.payment_status, o.fulfilment_status, o.reason, o.attention,
                  o.currency, o.total_minor, o.payment_method, o.version,
                  s.state::text AS "state!", s.correlation_id, s.traceparent
           FROM orders.sagas s JOIN orders.orders o ON o.id = s.order_id
           WHERE s.active AND s.deadline_at <= $1
           ORDER BY s.deadline_at
           LIMIT $2
           FOR NO KEY UPDATE SKIP LOCKED"#,
        now,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (OrderId::from_uuid(row.id), row.try_into())).collect())
}

/// Stores the sagas of new orders.
pub async fn insert_started(tx: &mut PgConnection, started: &[Started], now: Timestamp) -> sqlx::Result<()> {
    let ids: Vec<_> = started.iter().map(|it| it.order_id.as_uuid()).collect();
    let plans: Vec<_> = started.iter().map(|it| plan_number(&it.saga)).collect();
    let states: Vec<_> = started.iter().map(|it| it.saga.to_json()).collect();
    let phases: Vec<_> = started.iter().map(|it| it.saga.phase_name()).collect();
    let steps: Vec<_> = started.iter().map(|it| it.saga.step_name()).collect();
    let deadlines: Vec<_> = started.iter().map(|it| it.deadline_at).collect();
    let correlations: Vec<_> = started.iter().map(|it| it.trace.correlation_id.as_str()).collect();
    let traceparents: Vec<_> = started.iter().map(|it| it.trace.traceparent.as_deref()).collect();
    sqlx::query!(
        "INSERT INTO orders.sagas (order_id, plan_version, state, phase, step, active, deadline_at, correlation_id,
                                   traceparent, updated_at)
         SELECT n.id, n.plan, n.state::jsonb, n.phase, n.step, true, n.deadline_at, n.correlation, n.traceparent, $9
         FROM UNNEST($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                     $8::text[]) AS n(id, plan, state, phase, step, deadline_at, correlation, traceparent)",
        &ids,
        &plans,
        &states,
        &phases as &[&str],
        &steps as &[Option<&str>],
        &deadlines,
        &correlations as &[&str],
        &traceparents as &[Option<&str>],
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Saves what was moved: the sagas, and those orders to which something happened, with their timelines.
pub async fn save(tx: &mut PgConnection, moved: &[Moved], now: Timestamp) -> Result<(), StoreError> {
    if moved.is_empty() {
        return Ok(());
    }
    save_sagas(tx, moved, now).await?;
    let told: Vec<&Moved> = moved.iter().filter(|it| !it.events.is_empty()).collect();
    if told.is_empty() {
        return Ok(());
    }
    save_orders(tx, &told, now).await?;
    append_events(tx, &told, now).await
}

/// Looks at orders that can't be moved again at `until` only, so that they don't stand in the way of others.
pub async fn postpone(tx: &mut PgConnection, ids: &[Uuid], until: Timestamp) -> sqlx::Result<()> {
    sqlx::query!("UPDATE orders.sagas SET deadline_at = $2 WHERE order_id = ANY($1::uuid[]) AND active", ids, until)
        .execute(tx)
        .await?;
    Ok(())
}

async fn save_sagas(tx: &mut PgConnection, moved: &[Moved], now: Timestamp) -> Result<(), StoreError> {
    let ids: Vec<_> = moved.iter().map(|it| it.order.id.as_uuid()).collect();
    let states: Vec<_> = moved.iter().map(|it| it.saga.to_json()).collect();
    let phases: Vec<_> = moved.iter().map(|it| it.saga.phase_name()).collect();
    let steps: Vec<_> = moved.iter().map(|it| it.saga.step_name()).collect();
    let active: Vec<_> = moved.iter().map(|it| it.saga.is_active()).collect();
    let deadlines: Vec<_> = moved.iter().map(|it| it.deadline_at).collect();
    let saved = sqlx::query!(
        "UPDATE orders.sagas s
         SET state = n.state::jsonb, phase = n.phase, step = n.step, active = n.active, deadline_at = n.deadline_at,
             updated_at = $7
         FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::timestamptz[])
              AS n(id, state, phase, step, active, deadline_at)
         WHERE s.order_id = n.id AND s.order_id = ANY($1::uuid[])",
        &ids,
        &states,
        &phases as &[&str],
        &steps as &[Option<&str>],
        &active,
        &deadlines,
        now
    )
    .execute(tx)
    .await?
    .rows_affected();
    all_saved("sagas", saved, ids.len())
}

async fn save_orders(tx: &mut PgConnection, moved: &[&Moved], now: Timestamp) -> Result<(), StoreError> {
    let ids: Vec<_> = moved.iter().map(|it| it.order.id.as_uuid()).collect();
    let before: Vec<_> = moved.iter().map(|it| it.version_before).collect();
    let versions: Vec<_> = moved.iter().map(|it| it.order.version).collect();
    let statuses: Vec<_> = moved.iter().map(|it| it.order.status.into()).collect();
    let payments: Vec<_> = moved.iter().map(|it| it.order.payment.into()).collect();
    let fulfilments: Vec<_> = moved.iter().map(|it| it.order.fulfilment.into()).collect();
    let reasons: Vec<_> = moved.iter().map(|it| it.order.reason.as_deref()).collect();
    let attentions: Vec<_> = moved.iter().map(|it| it.order.attention.as_deref()).collect();
    let saved = sqlx::query!(
        "UPDATE orders.orders o
         SET status = n.status, payment_status = n.payment, fulfilment_status = n.fulfilment, reason = n.reason,
             attention = n.attention, version = n.version, updated_at = $9
         FROM UNNEST($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::text[]) AS n(id, before, version, status, payment, fulfilment, reason, attention)
         WHERE o.id = n.id AND o.id = ANY($1::uuid[]) AND o.version = n.before",
        &ids,
        &before,
        &versions,
        &statuses as &[&str],
        &payments as &[&str],
        &fulfilments as &[&str],
        &reasons as &[Option<&str>],
        &attentions as &[Option<&str>],
        now
    )
    .execute(tx)
    .await?
    .rows_affected();
    all_saved("orders", saved, ids.len())
}

async fn append_events(tx: &mut PgConnection, moved: &[&Moved], now: Timestamp) -> Result<(), StoreError> {
    let events: Vec<(&Moved, &Event)> =
        moved.iter().flat_map(|it| it.events.iter().map(|event| (*it, event))).collect();
    let ids: Vec<_> = events.iter().map(|(it, _)| it.order.id.as_uuid()).collect();
    let versions: Vec<_> = events.iter().map(|(_, event)| event.version).collect();
    let kinds: Vec<_> = events.iter().map(|(_, event)| event.entry.kind()).collect();
    let from: Vec<Option<&str>> = events.iter().map(|(_, event)| event.from.map(Into::into)).collect();
    let to: Vec<_> = events.iter().map(|(_, event)| event.to.into()).collect();
    let details: Vec<_> = events.iter().map(|(_, event)| event.entry.detail()).collect();
    let causes: Vec<_> = events.iter().map(|(it, _)| it.cause.map(|cause| cause.as_uuid())).collect();
    let actors: Vec<_> = events.iter().map(|(it, _)| it.actor.as_deref()).collect();
    sqlx::query!(
        "INSERT INTO orders.events (order_id, version, kind, from_status, to_status, detail, cause, actor, at)
         SELECT n.id, n.version, n.kind, n.from_status, n.to_status, n.detail, n.cause, n.actor, $9
         FROM UNNEST($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::uuid[],
                     $8::text[]) AS n(id, version, kind, from_status, to_status, detail, cause, actor)",
        &ids,
        &versions,
        &kinds as &[&str],
        &from as &[Option<&str>],
        &to as &[&str],
        &details as &[Option<serde_json::Value>],
        &causes as &[Option<Uuid>],
        &actors as &[Option<&str>],
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn all_saved(table: &'static str, saved: u64, expected: usize) -> Result<(), StoreError> {
    if saved == expected as u64 { Ok(()) } else { Err(StoreError::NotSaved { table, saved, expected }) }
}

fn plan_number(saga: &OrderSaga) -> i16 {
    i16::try_from(saga.plan_version().number()).expect("plans are counted from one")
}

impl TryFrom<Row> for Standing {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = row.id;
        let currency = read("orders", "currency", id, &row.currency)?;
        let order = Order {
            id: OrderId::from_uuid(id),
            status: read("orders", "status", id, &row.status)?,
            payment: read("orders", "payment_status", id, &row.payment_status)?,
            fulfilment: read("orders", "fulfilment_status", id, &row.fulfilment_status)?,
            reason: row.reason,
            attention: row.attention,
            total: Money::new(row.total_minor, currency)
                .map_err(|problem| bad("orders", "total_minor", id, &problem))?,
            payment_method: row.payment_method,
            version: row.version,
        };
        let saga = OrderSaga::from_json(&row.state).map_err(|problem| bad("sagas", "state", id, &problem))?;
        let trace = Trace { correlation_id: row.correlation_id, causation_id: None, traceparent: row.traceparent };
        Ok(Self { order, saga, customer_id: UserId::from_uuid(row.customer_id), trace })
    }
}

pub(super) fn read<T>(table: &'static str, column: &'static str, id: Uuid, text: &str) -> Result<T, StoreError>
where
    T: FromStr<Err: Display>,
{
    text.parse().map_err(|problem| bad(table, column, id, &problem))
}

pub(super) fn bad(table: &'static str, column: &'static str, id: Uuid, problem: &dyn Display) -> StoreError {
    StoreError::Inconsistent { table, column, id, problem: problem.to_string() }
}
