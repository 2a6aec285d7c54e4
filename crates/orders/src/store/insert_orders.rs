//! SQL that inserts a batch of new orders in one statement.
//!
//! The idempotency keys decide which orders are stored: the rows of the other tables are joined to the keys that were
//! inserted.

use super::ORDERS;
use crate::error::StoreError;
use crate::placement::Placement;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::order_request::Note;
use domain::order::{ExternalRef, OrderNumber};
use domain::saga::OrderSaga;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Stores the orders whose keys are unused, or were last used before `kept_since`: key, order, lines, first timeline
/// entry and saga. Returns their ids and numbers.
///
/// Waits for other transactions that are inserting the same keys. All batches insert their keys in the same order, so
/// two batches never deadlock.
#[expect(clippy::too_many_lines, reason = "one statement and its columns, one per line")]
pub(crate) async fn insert(
    tx: &mut PgConnection,
    placements: &[&Placement],
    kept_since: Timestamp,
    now: Timestamp,
) -> Result<HashMap<OrderId, OrderNumber>, StoreError> {
    // The statuses, the version and the first entry are the same for all new orders.
    let Some(Placement { order: first, accepted, .. }) = placements.first() else { return Ok(HashMap::new()) };
    let (status, payment_status, fulfilment_status): (&str, &str, &str) =
        (first.status.into(), first.payment.into(), first.fulfilment.into());
    let (keys, orders) = (Keys::of(placements), Orders::of(placements));
    let (items, sagas) = (Items::of(placements), Sagas::of(placements));
    let stored = sqlx::query!(
        r#"WITH taken AS (
             INSERT INTO orders.idempotency_keys AS kept (order_id, principal, route, key, fingerprint, created_at)
             SELECT new.order_id, new.principal, new.route, new.key, new.fingerprint, $6 AS created_at
               FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($31::uuid[]) AS principal, unnest($3::text[]) AS route,
                            unnest($4::text[]) AS key, unnest($5::bytea[]) AS fingerprint) AS new
              ORDER BY new.principal, new.route, new.key
             ON CONFLICT (digest) DO UPDATE
                SET fingerprint = EXCLUDED.fingerprint, order_id = EXCLUDED.order_id, created_at = EXCLUDED.created_at
              WHERE kept.created_at < $7
             RETURNING order_id),
         new_orders AS (
             INSERT INTO orders.orders (id, customer_id, currency, total_minor, payment_method, note, external_ref,
                                        shipping_minor, has_recipient, allocation_policy, status, payment_status,
                                        fulfilment_status, version, created_at, updated_at)
             SELECT new.id, new.customer_id, new.currency, new.total_minor, new.payment_method, new.note,
                    new.external_ref, new.shipping_minor, new.has_recipient, new.allocation_policy, $12 AS status, $13 AS payment_status,
                    $14 AS fulfilment_status, $15 AS version, $6 AS created_at, $6 AS updated_at
               FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::uuid[]) AS customer_id, unnest($8::text[]) AS currency,
                            unnest($9::bigint[]) AS total_minor, unnest($10::text[]) AS payment_method,
                            unnest($11::text[]) AS note, unnest($32::text[]) AS external_ref,
                            unnest($33::bigint[]) AS shipping_minor, unnest($34::boolean[]) AS has_recipient,
                            unnest($37::text[]) AS allocation_policy) AS new
               JOIN taken ON taken.order_id = new.id
             RETURNING id, order_number),
         new_events AS (
             INSERT INTO orders.events (order_id, version, kind, to_status, actor, at)
             SELECT new.order_id, $15 AS version, $16 AS kind, $12 AS to_status,
                    'customer:' || new.customer_id AS actor, $6 AS at
               FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::uuid[]) AS customer_id) AS new
               JOIN taken ON taken.order_id = new.order_id),
         new_items AS (
             INSERT INTO orders.items (order_id, line_no, sku, name, vendor_id, quantity, unit_price_minor, tax_minor,
                                       discount_minor)
             SELECT new.order_id, new.line_no, new.sku, new.name, new.vendor_id, new.quantity, new.unit_price_minor,
                    new.tax_minor, new.discount_minor
               FROM (SELECT unnest($17::uuid[]) AS order_id, unnest($18::smallint[]) AS line_no,
                            unnest($19::text[]) AS sku, unnest($20::text[]) AS name, unnest($21::uuid[]) AS vendor_id,
                            unnest($22::int[]) AS quantity, unnest($23::bigint[]) AS unit_price_minor,
                            unnest($35::bigint[]) AS tax_minor, unnest($36::bigint[]) AS discount_minor) AS new
               JOIN taken ON taken.order_id = new.order_id),
         new_sagas AS (
             INSERT INTO orders.sagas (order_id, plan_version, state, phase, step, deadline_at, correlation_id,
                                       traceparent, active, updated_at)
             SELECT new.order_id, new.plan_version, new.state::jsonb, new.phase, new.step, new.deadline_at,
                    new.correlation_id, new.traceparent, true AS active, $6 AS updated_at
               FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($24::smallint[]) AS plan_version,
                            unnest($25::text[]) AS state, unnest($26::text[]) AS phase, unnest($27::text[]) AS step,
                            unnest($28::timestamptz[]) AS deadline_at, unnest($29::text[]) AS correlation_id,
                            unnest($30::text[]) AS traceparent) AS new
               JOIN taken ON taken.order_id = new.order_id)
         SELECT id, order_number AS "order_number!" FROM new_orders"#,
        &keys.order_id,
        &orders.customer_id,
        &keys.route as &[&str],
        &keys.key as &[&str],
        &keys.fingerprint as &[&[u8]],
        now,
        kept_since,
        &orders.currency as &[&str],
        &orders.total_minor,
        &orders.payment_method as &[&str],
        &orders.note as &[Option<&str>],
        status,
        payment_status,
        fulfilment_status,
        first.version,
        accepted.entry.kind(),
        &items.order_id,
        &items.line_no,
        &items.sku as &[&str],
        &items.name as &[&str],
        &items.vendor_id,
        &items.quantity,
        &items.unit_price_minor,
        &sagas.plan_version,
        &sagas.state,
        &sagas.phase as &[&str],
        &sagas.step as &[Option<&str>],
        &sagas.deadline_at,
        &sagas.correlation_id as &[&str],
        &sagas.traceparent as &[Option<&str>],
        &keys.principal,
        &orders.external_ref as &[Option<&str>],
        &orders.shipping_minor,
        &orders.has_recipient,
        &items.tax_minor,
        &items.discount_minor,
        &orders.allocation_policy as &[Option<&str>],
    )
    .fetch_all(tx)
    .await?;
    let number =
        |id, sequence| StoredRow::new(ORDERS, id).read_column("order_number", OrderNumber::from_sequence(sequence));
    stored.into_iter().map(|row| Ok((OrderId::from_uuid(row.id), number(row.id, row.order_number)?))).collect()
}

/// The idempotency keys of a batch, by column.
struct Keys<'a> {
    order_id: Vec<Uuid>,
    principal: Vec<Uuid>,
    route: Vec<&'static str>,
    key: Vec<&'a str>,
    fingerprint: Vec<&'a [u8]>,
}

impl<'a> Keys<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        Self {
            order_id: placements.iter().map(|placement| placement.order.id.as_uuid()).collect(),
            principal: placements.iter().map(|placement| placement.new_order.principal.as_uuid()).collect(),
            route: placements.iter().map(|placement| placement.new_order.route).collect(),
            key: placements.iter().map(|placement| placement.new_order.key.as_str()).collect(),
            fingerprint: placements.iter().map(|placement| placement.new_order.fingerprint.as_bytes()).collect(),
        }
    }
}

/// The columns of the orders of a batch that differ between them.
struct Orders<'a> {
    customer_id: Vec<Uuid>,
    currency: Vec<&'a str>,
    total_minor: Vec<i64>,
    payment_method: Vec<&'a str>,
    note: Vec<Option<&'a str>>,
    external_ref: Vec<Option<&'a str>>,
    shipping_minor: Vec<i64>,
    has_recipient: Vec<bool>,
    allocation_policy: Vec<Option<&'static str>>,
}

impl<'a> Orders<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        let details = || placements.iter().map(|placement| &placement.new_order.details);
        Self {
            customer_id: placements.iter().map(|placement| placement.new_order.customer_id.as_uuid()).collect(),
            currency: placements.iter().map(|placement| placement.order.total.currency.code()).collect(),
            total_minor: placements.iter().map(|placement| placement.order.total.amount_minor).collect(),
            payment_method: placements.iter().map(|placement| placement.order.payment_method.as_str()).collect(),
            note: placements.iter().map(|placement| placement.new_order.note.as_ref().map(Note::as_str)).collect(),
            external_ref: details().map(|details| details.external_ref.as_ref().map(ExternalRef::as_str)).collect(),
            shipping_minor: placements.iter().map(|placement| placement.new_order.shipping_minor.get()).collect(),
            has_recipient: placements.iter().map(|placement| placement.order.has_recipient).collect(),
            allocation_policy: placements
                .iter()
                .map(|placement| placement.order.allocation_policy.map(Into::into))
                .collect(),
        }
    }
}

/// The lines of all orders of a batch, by column.
#[derive(Default)]
struct Items<'a> {
    order_id: Vec<Uuid>,
    line_no: Vec<i16>,
    sku: Vec<&'a str>,
    name: Vec<&'a str>,
    vendor_id: Vec<Uuid>,
    quantity: Vec<i32>,
    unit_price_minor: Vec<i64>,
    tax_minor: Vec<i64>,
    discount_minor: Vec<i64>,
}

impl<'a> Items<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        let mut items = Self::default();
        for placement in placements {
            for (number, line) in (1..).zip(&placement.new_order.lines) {
                items.order_id.push(placement.order.id.as_uuid());
                items.line_no.push(number);
                items.sku.push(line.sku.as_str());
                items.name.push(&line.name);
                items.vendor_id.push(line.vendor_id.as_uuid());
                items.quantity.push(i32::try_from(line.quantity.get()).expect("a quantity is small"));
                items.unit_price_minor.push(line.unit_price.amount_minor);
                items.tax_minor.push(line.tax_minor.get());
                items.discount_minor.push(line.discount_minor.get());
            }
        }
        items
    }
}

/// The sagas of a batch, by column.
struct Sagas<'a> {
    plan_version: Vec<i16>,
    state: Vec<String>,
    phase: Vec<&'static str>,
    step: Vec<Option<&'static str>>,
    deadline_at: Vec<Timestamp>,
    correlation_id: Vec<&'a str>,
    traceparent: Vec<Option<&'a str>>,
}

impl<'a> Sagas<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        let sagas = || placements.iter().map(|placement| &placement.saga);
        let traces = || placements.iter().map(|placement| &placement.new_order.trace);
        Self {
            plan_version: sagas().map(plan_number).collect(),
            state: sagas().map(OrderSaga::to_json).collect(),
            phase: sagas().map(|saga| saga.phase_name().into()).collect(),
            step: sagas().map(OrderSaga::step_name).collect(),
            deadline_at: placements.iter().map(|placement| placement.deadline_at).collect(),
            correlation_id: traces().map(|trace| trace.correlation_id.as_str()).collect(),
            traceparent: traces().map(|trace| trace.traceparent.as_deref()).collect(),
        }
    }
}

fn plan_number(saga: &OrderSaga) -> i16 {
    i16::try_from(saga.plan_version().number()).expect("plans are counted from one")
}
