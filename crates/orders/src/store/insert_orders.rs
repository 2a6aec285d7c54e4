//! SQL that inserts a batch of new orders in one statement.
//!
//! The idempotency keys decide which orders are stored: the rows of the other tables are joined to the keys that were
//! inserted.

use crate::placement::Placement;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::order_request::Note;
use domain::saga::OrderSaga;
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

/// Stores the orders whose keys are unused, or were last used before `kept_since`: key, order, lines, first timeline
/// entry and saga. Returns their ids.
///
/// Waits for other transactions that are inserting the same keys. All batches insert their keys in the same order, so
/// two batches never deadlock.
#[expect(clippy::too_many_lines, reason = "one statement and its columns, one per line")]
pub(crate) async fn insert(
    tx: &mut PgConnection,
    placements: &[&Placement],
    kept_since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<HashSet<OrderId>> {
    // The statuses, the version and the first entry are the same for all new orders.
    let Some(Placement { order: first, accepted, .. }) = placements.first() else { return Ok(HashSet::new()) };
    let (keys, orders) = (Keys::of(placements), Orders::of(placements));
    let (items, sagas) = (Items::of(placements), Sagas::of(placements));
    let stored = sqlx::query_scalar!(
        "WITH taken AS (
             INSERT INTO orders.idempotency_keys AS kept (order_id, principal, route, key, fingerprint, created_at)
             SELECT new.*, $6
               FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[])
                    AS new (order_id, principal, route, key, fingerprint)
              ORDER BY new.principal, new.route, new.key
             ON CONFLICT (digest) DO UPDATE
                SET fingerprint = EXCLUDED.fingerprint, order_id = EXCLUDED.order_id, created_at = EXCLUDED.created_at
              WHERE kept.created_at < $7
             RETURNING order_id),
         new_orders AS (
             INSERT INTO orders.orders (id, customer_id, currency, total_minor, payment_method, note, status,
                                        payment_status, fulfilment_status, version, created_at, updated_at)
             SELECT new.*, $12, $13, $14, $15, $6, $6
               FROM UNNEST($1::uuid[], $2::uuid[], $8::text[], $9::bigint[], $10::text[], $11::text[])
                    AS new (order_id, customer_id, currency, total_minor, payment_method, note)
               JOIN taken ON taken.order_id = new.order_id),
         new_events AS (
             INSERT INTO orders.events (order_id, version, kind, to_status, actor, at)
             SELECT new.order_id, $15, $16, $12, 'customer:' || new.customer_id, $6
               FROM UNNEST($1::uuid[], $2::uuid[]) AS new (order_id, customer_id)
               JOIN taken ON taken.order_id = new.order_id),
         new_items AS (
             INSERT INTO orders.items (order_id, line_no, sku, name, vendor_id, quantity, unit_price_minor)
             SELECT new.*
               FROM UNNEST($17::uuid[], $18::smallint[], $19::text[], $20::text[], $21::uuid[], $22::int[], $23::bigint[])
                    AS new (order_id, line_no, sku, name, vendor_id, quantity, unit_price_minor)
               JOIN taken ON taken.order_id = new.order_id),
         new_sagas AS (
             INSERT INTO orders.sagas (order_id, plan_version, state, phase, step, deadline_at, correlation_id,
                                       traceparent, active, updated_at)
             SELECT new.order_id, new.plan_version, new.state::jsonb, new.phase, new.step, new.deadline_at,
                    new.correlation_id, new.traceparent, true, $6
               FROM UNNEST($1::uuid[], $24::smallint[], $25::text[], $26::text[], $27::text[], $28::timestamptz[],
                           $29::text[], $30::text[])
                    AS new (order_id, plan_version, state, phase, step, deadline_at, correlation_id, traceparent)
               JOIN taken ON taken.order_id = new.order_id)
         SELECT order_id FROM taken",
        &keys.orders,
        &keys.principals,
        &keys.routes as &[&str],
        &keys.names as &[&str],
        &keys.fingerprints as &[&[u8]],
        now,
        kept_since,
        &orders.currencies as &[&str],
        &orders.totals,
        &orders.methods as &[&str],
        &orders.notes as &[Option<&str>],
        <&str>::from(first.status),
        <&str>::from(first.payment),
        <&str>::from(first.fulfilment),
        first.version,
        accepted.entry.kind(),
        &items.orders,
        &items.numbers,
        &items.skus as &[&str],
        &items.names as &[&str],
        &items.vendors,
        &items.quantities,
        &items.prices,
        &sagas.plans,
        &sagas.states,
        &sagas.phases as &[&str],
        &sagas.steps as &[Option<&str>],
        &sagas.deadlines,
        &sagas.correlations as &[&str],
        &sagas.traceparents as &[Option<&str>],
    )
    .fetch_all(tx)
    .await?;
    Ok(stored.into_iter().map(OrderId::from_uuid).collect())
}

/// The idempotency keys of a batch, by column.
struct Keys<'a> {
    orders: Vec<Uuid>,
    principals: Vec<Uuid>,
    routes: Vec<&'static str>,
    names: Vec<&'a str>,
    fingerprints: Vec<&'a [u8]>,
}

impl<'a> Keys<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        Self {
            orders: placements.iter().map(|placement| placement.order.id.as_uuid()).collect(),
            principals: placements.iter().map(|placement| placement.new_order.customer_id.as_uuid()).collect(),
            routes: placements.iter().map(|placement| placement.new_order.route).collect(),
            names: placements.iter().map(|placement| placement.new_order.key.as_str()).collect(),
            fingerprints: placements.iter().map(|placement| placement.new_order.fingerprint.as_bytes()).collect(),
        }
    }
}

/// The columns of the orders of a batch that differ between them.
struct Orders<'a> {
    currencies: Vec<&'a str>,
    totals: Vec<i64>,
    methods: Vec<&'a str>,
    notes: Vec<Option<&'a str>>,
}

impl<'a> Orders<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        Self {
            currencies: placements.iter().map(|placement| placement.order.total.currency.code()).collect(),
            totals: placements.iter().map(|placement| placement.order.total.amount_minor).collect(),
            methods: placements.iter().map(|placement| placement.order.payment_method.as_str()).collect(),
            notes: placements.iter().map(|placement| placement.new_order.note.as_ref().map(Note::as_str)).collect(),
        }
    }
}

/// The lines of all orders of a batch, by column.
#[derive(Default)]
struct Items<'a> {
    orders: Vec<Uuid>,
    numbers: Vec<i16>,
    skus: Vec<&'a str>,
    names: Vec<&'a str>,
    vendors: Vec<Uuid>,
    quantities: Vec<i32>,
    prices: Vec<i64>,
}

impl<'a> Items<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        let mut items = Self::default();
        for placement in placements {
            for (number, line) in (1..).zip(&placement.new_order.lines) {
                items.orders.push(placement.order.id.as_uuid());
                items.numbers.push(number);
                items.skus.push(line.sku.as_str());
                items.names.push(&line.name);
                items.vendors.push(line.vendor_id.as_uuid());
                items.quantities.push(i32::try_from(line.quantity.get()).expect("a quantity is small"));
                items.prices.push(line.unit_price.amount_minor);
            }
        }
        items
    }
}

/// The sagas of a batch, by column.
struct Sagas<'a> {
    plans: Vec<i16>,
    states: Vec<String>,
    phases: Vec<&'static str>,
    steps: Vec<Option<&'static str>>,
    deadlines: Vec<Timestamp>,
    correlations: Vec<&'a str>,
    traceparents: Vec<Option<&'a str>>,
}

impl<'a> Sagas<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        let sagas = || placements.iter().map(|placement| &placement.saga);
        let traces = || placements.iter().map(|placement| &placement.new_order.trace);
        Self {
            plans: sagas().map(plan_number).collect(),
            states: sagas().map(OrderSaga::to_json).collect(),
            phases: sagas().map(|saga| saga.phase_name().into()).collect(),
            steps: sagas().map(OrderSaga::step_name).collect(),
            deadlines: placements.iter().map(|placement| placement.deadline_at).collect(),
            correlations: traces().map(|trace| trace.correlation_id.as_str()).collect(),
            traceparents: traces().map(|trace| trace.traceparent.as_deref()).collect(),
        }
    }
}

fn plan_number(saga: &OrderSaga) -> i16 {
    i16::try_from(saga.plan_version().number()).expect("plans are counted from one")
}
