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
    let payments: Vec<_> = new.iter().map(|new| &new.payment).collect();
    let operations: Vec<_> = new.iter().filter_map(|new| StartedOperation::of(&new.call)).collect();
    let operations = StartedColumns::of(&operations);
    let order_ids: Vec<_> = payments.iter().map(|payment| payment.order_id.as_uuid()).collect();
    let ids: Vec<_> = payments.iter().map(|payment| payment.id().as_uuid()).collect();
    let statuses: Vec<&str> = payments.iter().map(|payment| payment.payment.status().into()).collect();
    let methods: Vec<_> = payments.iter().map(|payment| payment.method.as_deref()).collect();
    let currencies: Vec<_> = payments.iter().copied().map(currency_code).collect();
    let amounts: Vec<_> = payments.iter().copied().map(amount_minor).collect();
    let opened = sqlx::query_scalar!(
        "WITH opened AS (
             INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, created_at, updated_at)
             SELECT order_id, id, status, method, currency, amount_minor, $7, $7
               FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[])
                    AS new (order_id, id, status, method, currency, amount_minor)
              ORDER BY order_id
             ON CONFLICT (order_id) DO NOTHING
             RETURNING order_id),
         started AS (
             INSERT INTO payments.operations
                 (order_id, provider_key, kind, subject, amount_minor, status, attempts, created_at, updated_at)
             SELECT new.order_id, provider_key, kind, subject, amount_minor, 'started', 1, $7, $7
               FROM UNNEST($8::uuid[], $9::uuid[], $10::text[], $11::text[], $12::bigint[])
                    AS new (order_id, provider_key, kind, subject, amount_minor)
               JOIN opened ON opened.order_id = new.order_id)
         SELECT order_id FROM opened",
        &order_ids,
        &ids,
        &statuses as &[&str],
        &methods as &[Option<&str>],
        &currencies as &[Option<&str>],
        &amounts,
        now,
        &operations.orders,
        &operations.keys,
        &operations.kinds as &[&str],
        &operations.subjects,
        &operations.amounts,
    )
    .fetch_all(tx)
    .await?;
    Ok(opened.into_iter().map(OrderId::from_uuid).collect())
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
        "SELECT order_id, id, status, method, currency, amount_minor, captured_minor, refunded_minor, refunded_by_void_minor,
                decline_reason, version, created_at, updated_at
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

pub(crate) async fn find_payment(tx: &mut PgConnection, order_id: OrderId) -> sqlx::Result<Option<PaymentRow>> {
    sqlx::query_as!(
        PaymentRow,
        "SELECT order_id, id, status, method, currency, amount_minor, captured_minor, refunded_minor, refunded_by_void_minor,
                decline_reason, version, created_at, updated_at
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
