//! Table `payments.payments`: one row per order.

use super::operations::{StartedColumns, StartedOperation, find_operations};
use super::row::{PaymentRow, StoredPayment};
use crate::call::Call;
use crate::error::PaymentsError;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::money::Currency;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A payment that may not exist yet, and its first gateway call if it does not.
#[derive(Debug)]
pub(crate) struct NewPayment {
    pub payment: StoredPayment,
    pub call: Call,
}

/// Inserts those of `new` that don't exist yet, each with its first operation, and returns their orders. Waits for
/// concurrent transactions that insert the same payments.
///
/// Rows are inserted, and later locked, in the order of their ids, so that two batches can't deadlock.
pub(crate) async fn open_payments(
    tx: &mut PgConnection,
    new: &[NewPayment],
    now: Timestamp,
) -> Result<HashSet<OrderId>, PaymentsError> {
    if new.is_empty() {
        return Ok(HashSet::new());
    }
    let payments = NewColumns::of(new);
    let operations: Vec<_> = new.iter().filter_map(|new| StartedOperation::of(&new.call)).collect();
    let started = StartedColumns::of(&operations);
    let opened = sqlx::query_scalar!(
        "WITH opened AS (
             INSERT INTO payments.payments
                 (order_id, id, status, gateway, method, currency, amount_minor, created_at, updated_at)
             SELECT new.order_id, new.id, new.status, new.gateway, new.method, new.currency, new.amount_minor,
                    $1 AS created_at, $1 AS updated_at
               FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::uuid[]) AS id, unnest($4::text[]) AS status,
                            unnest($5::text[]) AS gateway, unnest($6::text[]) AS method, unnest($7::text[]) AS currency,
                            unnest($8::bigint[]) AS amount_minor) AS new
              ORDER BY order_id
             ON CONFLICT (order_id) DO NOTHING
             RETURNING order_id),
         started AS (
             INSERT INTO payments.operations
                 (order_id, provider_key, gateway, kind, subject, amount_minor, status, attempts, created_at, updated_at)
             SELECT new.order_id, new.provider_key, new.gateway, new.kind, new.subject, new.amount_minor,
                    'started' AS status, 1 AS attempts, $1 AS created_at, $1 AS updated_at
               FROM (SELECT unnest($9::uuid[]) AS order_id, unnest($10::uuid[]) AS provider_key,
                            unnest($11::text[]) AS gateway, unnest($12::text[]) AS kind, unnest($13::text[]) AS subject,
                            unnest($14::bigint[]) AS amount_minor) AS new
               JOIN opened ON opened.order_id = new.order_id)
         SELECT order_id FROM opened",
        now,
        &payments.order_id,
        &payments.id,
        &payments.status as &[&str],
        &payments.gateway as &[&str],
        &payments.method as &[Option<&str>],
        &payments.currency as &[Option<&str>],
        &payments.amount_minor,
        &started.order_id,
        &started.provider_key,
        &started.gateway as &[&str],
        &started.kind as &[&str],
        &started.subject,
        &started.amount_minor,
    )
    .fetch_all(tx)
    .await?;
    Ok(opened.into_iter().map(OrderId::from_uuid).collect())
}

/// New payments, by column.
struct NewColumns<'a> {
    order_id: Vec<Uuid>,
    id: Vec<Uuid>,
    status: Vec<&'static str>,
    gateway: Vec<&'a str>,
    method: Vec<Option<&'a str>>,
    currency: Vec<Option<&'static str>>,
    amount_minor: Vec<i64>,
}

impl<'a> NewColumns<'a> {
    fn of(new: &'a [NewPayment]) -> Self {
        let payments = || new.iter().map(|new| &new.payment);
        Self {
            order_id: payments().map(|payment| payment.order_id.as_uuid()).collect(),
            id: payments().map(|payment| payment.id().as_uuid()).collect(),
            status: payments().map(|payment| payment.payment.status().into()).collect(),
            gateway: payments().map(|payment| payment.gateway.as_str()).collect(),
            method: payments().map(|payment| payment.method.as_deref()).collect(),
            currency: payments().map(currency_code).collect(),
            amount_minor: payments().map(amount_minor).collect(),
        }
    }
}

/// The payments of `orders` with their operations. The payments are locked until the transaction ends.
pub(crate) async fn lock_payments(
    tx: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, StoredPayment>, PaymentsError> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let order_ids: Vec<Uuid> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as!(
        PaymentRow,
        "SELECT order_id, id, status, gateway, method, currency, amount_minor, captured_minor, refunded_minor,
                refunded_by_void_minor, decline_reason, version, created_at, updated_at
         FROM payments.payments WHERE order_id = ANY($1) ORDER BY order_id FOR NO KEY UPDATE",
        &order_ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    // A separate statement, so that its snapshot includes commits that the first one waited for.
    let mut operations = find_operations(tx, orders).await?;
    let stored = rows.into_iter().map(|row| {
        let order_id = OrderId::from_uuid(row.order_id);
        Ok((order_id, row.with(operations.remove(&order_id).unwrap_or_default())?))
    });
    stored.collect()
}

/// Like [`lock_payments`], without those that another transaction has locked: the caller does not wait.
pub(crate) async fn lock_free_payments(
    tx: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, StoredPayment>, PaymentsError> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let order_ids: Vec<Uuid> = orders.iter().map(OrderId::as_uuid).collect();
    let free = sqlx::query_scalar!(
        "SELECT order_id FROM payments.payments
         WHERE order_id = ANY($1) ORDER BY order_id FOR NO KEY UPDATE SKIP LOCKED",
        &order_ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    let free: Vec<_> = free.into_iter().map(OrderId::from_uuid).collect();
    lock_payments(tx, &free).await
}

pub(crate) async fn find_payment(tx: &mut PgConnection, order_id: OrderId) -> sqlx::Result<Option<PaymentRow>> {
    sqlx::query_as!(
        PaymentRow,
        "SELECT order_id, id, status, gateway, method, currency, amount_minor, captured_minor, refunded_minor,
                refunded_by_void_minor, decline_reason, version, created_at, updated_at
         FROM payments.payments WHERE order_id = $1",
        order_id.as_uuid(),
    )
    .fetch_optional(tx)
    .await
}

pub(super) fn currency_code(stored: &StoredPayment) -> Option<&'static str> {
    stored.payment.amount().map(|amount| Currency::code(&amount.currency))
}

pub(super) fn amount_minor(stored: &StoredPayment) -> i64 {
    stored.payment.amount().map_or(0, |amount| amount.amount_minor)
}
