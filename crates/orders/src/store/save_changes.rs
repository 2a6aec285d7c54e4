//! SQL that saves a batch of changes in one statement: every saga, and the orders with new timeline events together
//! with these events.

use super::changed_on::changed_on;
use super::status_groups::status_group;
use super::{ORDERS, SAGAS};
use crate::error::StoreError;
use crate::order_change::OrderChange;
use chrono::NaiveDate;
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
    let (sagas, orders, events) = (Sagas::of(changes), Orders::of(&with_events, now), Events::of(&with_events));
    let saved = sqlx::query!(
        r#"WITH saved_sagas AS (
             UPDATE orders.sagas s
                SET state = n.state::jsonb, phase = n.phase, step = n.step, active = n.active,
                    deadline_at = n.deadline_at, updated_at = $1
               FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::text[]) AS state, unnest($4::text[]) AS phase,
                            unnest($5::text[]) AS step, unnest($6::boolean[]) AS active,
                            unnest($7::timestamptz[]) AS deadline_at) AS n
              WHERE s.order_id = n.order_id AND s.order_id = ANY($2::uuid[])
             RETURNING s.order_id),
         saved_orders AS (
             UPDATE orders.orders o
                SET status = n.status, payment_status = n.payment_status, fulfilment_status = n.fulfilment_status,
                    reason = n.reason, attention = n.attention, status_group = n.status_group, changed_on = n.changed_on,
                    version = n.version, updated_at = $1
               FROM (SELECT unnest($8::uuid[]) AS id, unnest($9::integer[]) AS version_before,
                            unnest($10::integer[]) AS version, unnest($11::text[]) AS status,
                            unnest($12::text[]) AS payment_status, unnest($13::text[]) AS fulfilment_status,
                            unnest($14::text[]) AS reason, unnest($15::text[]) AS attention,
                            unnest($24::smallint[]) AS status_group, unnest($25::date[]) AS changed_on) AS n
              WHERE o.id = n.id AND o.id = ANY($8::uuid[]) AND o.version = n.version_before
             RETURNING o.id),
         new_events AS (
             INSERT INTO orders.events (order_id, version, kind, from_status, to_status, detail, cause, actor, at)
             SELECT unnest($16::uuid[]) AS order_id, unnest($17::integer[]) AS version, unnest($18::text[]) AS kind,
                    unnest($19::text[]) AS from_status, unnest($20::text[]) AS to_status, unnest($21::jsonb[]) AS detail,
                    unnest($22::uuid[]) AS cause, unnest($23::text[]) AS actor, $1 AS at)
         SELECT (SELECT count(*) FROM saved_sagas) AS "sagas!", (SELECT count(*) FROM saved_orders) AS "orders!""#,
        now,
        &sagas.order_id,
        &sagas.state,
        &sagas.phase as &[&str],
        &sagas.step as &[Option<&str>],
        &sagas.active,
        &sagas.deadline_at,
        &orders.id,
        &orders.version_before,
        &orders.version,
        &orders.status as &[&str],
        &orders.payment_status as &[&str],
        &orders.fulfilment_status as &[&str],
        &orders.reason as &[Option<&str>],
        &orders.attention as &[Option<&str>],
        &events.order_id,
        &events.version,
        &events.kind as &[&str],
        &events.from_status as &[Option<&str>],
        &events.to_status as &[&str],
        &events.detail as &[Option<serde_json::Value>],
        &events.cause as &[Option<Uuid>],
        &events.actor as &[Option<&str>],
        &orders.status_group,
        &orders.changed_on as &[Option<NaiveDate>],
    )
    .fetch_one(tx)
    .await?;
    ensure_rows(SAGAS, changes.len(), saved.sagas)?;
    Ok(ensure_rows(ORDERS, with_events.len(), saved.orders)?)
}

/// The sagas of a batch, by column.
struct Sagas {
    order_id: Vec<Uuid>,
    state: Vec<String>,
    phase: Vec<&'static str>,
    step: Vec<Option<&'static str>>,
    active: Vec<bool>,
    deadline_at: Vec<Timestamp>,
}

impl Sagas {
    fn of(changes: &[OrderChange]) -> Self {
        let sagas = || changes.iter().map(|it| &it.saga);
        Self {
            order_id: changes.iter().map(|it| it.order.id.as_uuid()).collect(),
            state: sagas().map(OrderSaga::to_json).collect(),
            phase: sagas().map(|saga| saga.phase_name().into()).collect(),
            step: sagas().map(OrderSaga::step_name).collect(),
            active: sagas().map(OrderSaga::is_active).collect(),
            deadline_at: changes.iter().map(|it| it.deadline_at).collect(),
        }
    }
}

/// The orders of a batch with new timeline events, by column.
struct Orders<'a> {
    id: Vec<Uuid>,
    version_before: Vec<i32>,
    version: Vec<i32>,
    status: Vec<&'static str>,
    payment_status: Vec<&'static str>,
    fulfilment_status: Vec<&'static str>,
    reason: Vec<Option<&'a str>>,
    attention: Vec<Option<&'a str>>,
    status_group: Vec<i16>,
    changed_on: Vec<Option<NaiveDate>>,
}

impl<'a> Orders<'a> {
    fn of(changes: &[&'a OrderChange], now: Timestamp) -> Self {
        Self {
            id: changes.iter().map(|it| it.order.id.as_uuid()).collect(),
            version_before: changes.iter().map(|it| it.version_before).collect(),
            version: changes.iter().map(|it| it.order.version).collect(),
            status: changes.iter().map(|it| it.order.status.into()).collect(),
            payment_status: changes.iter().map(|it| it.order.payment.into()).collect(),
            fulfilment_status: changes.iter().map(|it| it.order.fulfilment.into()).collect(),
            reason: changes.iter().map(|it| it.order.reason.as_deref()).collect(),
            attention: changes.iter().map(|it| it.order.attention.as_deref()).collect(),
            status_group: changes.iter().map(|it| status_group(it.order.status, it.order.payment)).collect(),
            changed_on: changes.iter().map(|it| changed_on(it.order.id, now)).collect(),
        }
    }
}

/// The new timeline events of a batch, by column.
struct Events<'a> {
    order_id: Vec<Uuid>,
    version: Vec<i32>,
    kind: Vec<&'a str>,
    from_status: Vec<Option<&'static str>>,
    to_status: Vec<&'static str>,
    detail: Vec<Option<serde_json::Value>>,
    cause: Vec<Option<Uuid>>,
    actor: Vec<Option<&'a str>>,
}

impl<'a> Events<'a> {
    fn of(changes: &[&'a OrderChange]) -> Self {
        let events: Vec<(&OrderChange, &TimelineEvent)> =
            changes.iter().flat_map(|it| it.events.iter().map(|event| (*it, event))).collect();
        Self {
            order_id: events.iter().map(|(it, _)| it.order.id.as_uuid()).collect(),
            version: events.iter().map(|(_, event)| event.version).collect(),
            kind: events.iter().map(|(_, event)| event.entry.kind()).collect(),
            from_status: events.iter().map(|(_, event)| event.from.map(Into::into)).collect(),
            to_status: events.iter().map(|(_, event)| event.to.into()).collect(),
            detail: events.iter().map(|(_, event)| event.entry.detail()).collect(),
            cause: events.iter().map(|(it, _)| it.cause.map(|cause| cause.as_uuid())).collect(),
            actor: events.iter().map(|(it, _)| it.actor.as_deref()).collect(),
        }
    }
}
