//! SQL that saves a batch of changes in one statement: every saga, and the orders with new timeline events together
//! with these events.

use super::{ORDERS, SAGAS};
use crate::error::StoreError;
use crate::order_change::OrderChange;
use domain::Timestamp;
use domain::order::TimelineEvent;
use domain::saga::OrderSaga;
use platform::consistency::ensure_rows;
use sqlx::PgConnection;
use uuid::Uuid;

/// Saves `changes`. [`super::lock_sagas`] has locked the orders, so a row that has changed since is an error.
pub async fn save(tx: &mut PgConnection, changes: &[OrderChange], now: Timestamp) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let with_events: Vec<&OrderChange> = changes.iter().filter(|it| !it.events.is_empty()).collect();
    let (sagas, orders, events) = (Sagas::of(changes), Orders::of(&with_events), Events::of(&with_events));
    let saved = sqlx::query!(
        r#"WITH saved_sagas AS (
             UPDATE orders.sagas s
                SET state = n.state::jsonb, phase = n.phase, step = n.step, active = n.active,
                    deadline_at = n.deadline_at, updated_at = $1
               FROM UNNEST($2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[])
                    AS n (id, state, phase, step, active, deadline_at)
              WHERE s.order_id = n.id AND s.order_id = ANY($2::uuid[])
             RETURNING s.order_id),
         saved_orders AS (
             UPDATE orders.orders o
                SET status = n.status, payment_status = n.payment, fulfilment_status = n.fulfilment, reason = n.reason,
                    attention = n.attention, version = n.version, updated_at = $1
               FROM UNNEST($8::uuid[], $9::integer[], $10::integer[], $11::text[], $12::text[], $13::text[], $14::text[],
                           $15::text[]) AS n (id, before, version, status, payment, fulfilment, reason, attention)
              WHERE o.id = n.id AND o.id = ANY($8::uuid[]) AND o.version = n.before
             RETURNING o.id),
         new_events AS (
             INSERT INTO orders.events (order_id, version, kind, from_status, to_status, detail, cause, actor, at)
             SELECT n.*, $1
               FROM UNNEST($16::uuid[], $17::integer[], $18::text[], $19::text[], $20::text[], $21::jsonb[], $22::uuid[],
                           $23::text[]) AS n (id, version, kind, from_status, to_status, detail, cause, actor))
         SELECT (SELECT count(*) FROM saved_sagas) AS "sagas!", (SELECT count(*) FROM saved_orders) AS "orders!""#,
        now,
        &sagas.ids,
        &sagas.states,
        &sagas.phases as &[&str],
        &sagas.steps as &[Option<&str>],
        &sagas.active,
        &sagas.deadlines,
        &orders.ids,
        &orders.before,
        &orders.versions,
        &orders.statuses as &[&str],
        &orders.payments as &[&str],
        &orders.fulfilments as &[&str],
        &orders.reasons as &[Option<&str>],
        &orders.attentions as &[Option<&str>],
        &events.ids,
        &events.versions,
        &events.kinds as &[&str],
        &events.from as &[Option<&str>],
        &events.to as &[&str],
        &events.details as &[Option<serde_json::Value>],
        &events.causes as &[Option<Uuid>],
        &events.actors as &[Option<&str>],
    )
    .fetch_one(tx)
    .await?;
    ensure_rows(SAGAS, changes.len(), saved.sagas)?;
    Ok(ensure_rows(ORDERS, with_events.len(), saved.orders)?)
}

/// The sagas of a batch, by column.
struct Sagas {
    ids: Vec<Uuid>,
    states: Vec<String>,
    phases: Vec<&'static str>,
    steps: Vec<Option<&'static str>>,
    active: Vec<bool>,
    deadlines: Vec<Timestamp>,
}

impl Sagas {
    fn of(changes: &[OrderChange]) -> Self {
        let sagas = || changes.iter().map(|it| &it.saga);
        Self {
            ids: changes.iter().map(|it| it.order.id.as_uuid()).collect(),
            states: sagas().map(OrderSaga::to_json).collect(),
            phases: sagas().map(|saga| saga.phase_name().into()).collect(),
            steps: sagas().map(OrderSaga::step_name).collect(),
            active: sagas().map(OrderSaga::is_active).collect(),
            deadlines: changes.iter().map(|it| it.deadline_at).collect(),
        }
    }
}

/// The orders of a batch with new timeline events, by column.
struct Orders<'a> {
    ids: Vec<Uuid>,
    before: Vec<i32>,
    versions: Vec<i32>,
    statuses: Vec<&'static str>,
    payments: Vec<&'static str>,
    fulfilments: Vec<&'static str>,
    reasons: Vec<Option<&'a str>>,
    attentions: Vec<Option<&'a str>>,
}

impl<'a> Orders<'a> {
    fn of(changes: &[&'a OrderChange]) -> Self {
        Self {
            ids: changes.iter().map(|it| it.order.id.as_uuid()).collect(),
            before: changes.iter().map(|it| it.version_before).collect(),
            versions: changes.iter().map(|it| it.order.version).collect(),
            statuses: changes.iter().map(|it| it.order.status.into()).collect(),
            payments: changes.iter().map(|it| it.order.payment.into()).collect(),
            fulfilments: changes.iter().map(|it| it.order.fulfilment.into()).collect(),
            reasons: changes.iter().map(|it| it.order.reason.as_deref()).collect(),
            attentions: changes.iter().map(|it| it.order.attention.as_deref()).collect(),
        }
    }
}

/// The new timeline events of a batch, by column.
struct Events<'a> {
    ids: Vec<Uuid>,
    versions: Vec<i32>,
    kinds: Vec<&'a str>,
    from: Vec<Option<&'static str>>,
    to: Vec<&'static str>,
    details: Vec<Option<serde_json::Value>>,
    causes: Vec<Option<Uuid>>,
    actors: Vec<Option<&'a str>>,
}

impl<'a> Events<'a> {
    fn of(changes: &[&'a OrderChange]) -> Self {
        let events: Vec<(&OrderChange, &TimelineEvent)> =
            changes.iter().flat_map(|it| it.events.iter().map(|event| (*it, event))).collect();
        Self {
            ids: events.iter().map(|(it, _)| it.order.id.as_uuid()).collect(),
            versions: events.iter().map(|(_, event)| event.version).collect(),
            kinds: events.iter().map(|(_, event)| event.entry.kind()).collect(),
            from: events.iter().map(|(_, event)| event.from.map(Into::into)).collect(),
            to: events.iter().map(|(_, event)| event.to.into()).collect(),
            details: events.iter().map(|(_, event)| event.entry.detail()).collect(),
            causes: events.iter().map(|(it, _)| it.cause.map(|cause| cause.as_uuid())).collect(),
            actors: events.iter().map(|(it, _)| it.actor.as_deref()).collect(),
        }
    }
}
