//! Saves the changes of a batch in one statement.

use super::operations::SettledOperation;
use super::payments::{amount_minor, currency_code};
use super::row::StoredPayment;
use crate::error::PaymentsError;
use domain::Timestamp;
use platform::consistency::ensure_rows;
use sqlx::PgConnection;

/// Updates payments that this transaction has locked, and operations that were started before.
pub(crate) async fn save(
    tx: &mut PgConnection,
    payments: &[StoredPayment],
    operations: &[SettledOperation],
    now: Timestamp,
) -> Result<(), PaymentsError> {
    if payments.is_empty() && operations.is_empty() {
        return Ok(());
    }
    let paid: Vec<_> = payments.iter().map(|payment| payment.order_id.as_uuid()).collect();
    let versions: Vec<_> = payments.iter().map(|payment| payment.version).collect();
    let payment_statuses: Vec<&str> = payments.iter().map(|payment| payment.payment.status().into()).collect();
    let currencies: Vec<_> = payments.iter().map(currency_code).collect();
    let amounts: Vec<_> = payments.iter().map(amount_minor).collect();
    let balances = || payments.iter().map(|payment| payment.payment.balance());
    let captured: Vec<_> = balances().map(|balance| balance.map_or(0, |balance| balance.captured_minor)).collect();
    let refunded: Vec<_> = balances().map(|balance| balance.map_or(0, |balance| balance.refunded_minor)).collect();
    let refunded_by_void: Vec<_> = payments.iter().map(StoredPayment::refunded_by_void_minor).collect();
    let reasons: Vec<_> = payments.iter().map(StoredPayment::decline_reason).collect();
    let orders: Vec<_> = operations.iter().map(|settled| settled.order_id.as_uuid()).collect();
    let keys: Vec<_> = operations.iter().map(|settled| settled.key.as_uuid()).collect();
    let statuses: Vec<&str> = operations.iter().map(|settled| settled.status.into()).collect();
    let settled_amounts: Vec<_> = operations.iter().map(|settled| settled.amount_minor).collect();
    let errors: Vec<_> = operations.iter().map(|settled| settled.error.as_deref()).collect();
    let references: Vec<_> = operations.iter().map(|settled| settled.reference.as_deref()).collect();
    let saved = sqlx::query!(
        r#"WITH saved_payments AS (
             UPDATE payments.payments AS payment
                SET status = new.status, currency = new.currency, amount_minor = new.amount,
                    captured_minor = new.captured, refunded_minor = new.refunded, refunded_by_void_minor = new.given_back,
                    decline_reason = new.reason, version = payment.version + 1, updated_at = $16
               FROM UNNEST($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                           $8::bigint[], $9::text[])
                    AS new (order_id, version, status, currency, amount, captured, refunded, given_back, reason)
              WHERE payment.order_id = ANY($1) AND payment.order_id = new.order_id AND payment.version = new.version
             RETURNING 1),
         settled_operations AS (
             UPDATE payments.operations AS operation
                SET status = new.status, amount_minor = COALESCE(new.amount_minor, operation.amount_minor),
                    error = new.error, provider_ref = COALESCE(new.provider_ref, operation.provider_ref),
                    updated_at = $16
               FROM UNNEST($10::uuid[], $11::uuid[], $12::text[], $13::bigint[], $14::text[], $15::text[])
                    AS new (order_id, provider_key, status, amount_minor, error, provider_ref)
              WHERE operation.order_id = ANY($10) AND operation.order_id = new.order_id
                AND operation.provider_key = new.provider_key
             RETURNING 1)
         SELECT (SELECT count(*) FROM saved_payments) AS "payments!",
                (SELECT count(*) FROM settled_operations) AS "operations!""#,
        &paid,
        &versions,
        &payment_statuses as &[&str],
        &currencies as &[Option<&str>],
        &amounts,
        &captured,
        &refunded,
        &refunded_by_void,
        &reasons as &[Option<&str>],
        &orders,
        &keys,
        &statuses as &[&str],
        &settled_amounts as &[Option<i64>],
        &errors as &[Option<&str>],
        &references as &[Option<&str>],
        now,
    )
    .fetch_one(tx)
    .await?;
    ensure_rows("payments.payments", payments.len(), saved.payments)?;
    Ok(ensure_rows("payments.operations", operations.len(), saved.operations)?)
}
