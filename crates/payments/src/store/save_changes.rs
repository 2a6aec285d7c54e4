//! Saves the changes of a batch in one statement.

use super::ledger_entries::{CausedEntry, EntryColumns};
use super::operations::SettledOperation;
use super::payments::{amount_minor, currency_code};
use super::row::StoredPayment;
use crate::error::PaymentsError;
use domain::Timestamp;
use platform::consistency::ensure_rows;
use sqlx::PgConnection;
use uuid::Uuid;

/// Updates payments that this transaction has locked, with the ledger entries of what changed, and operations that were
/// started before.
#[expect(clippy::too_many_lines, reason = "one statement, with a parameter per column")]
pub(crate) async fn save(
    tx: &mut PgConnection,
    (payments, entries): (&[StoredPayment], &[CausedEntry]),
    operations: &[SettledOperation],
    now: Timestamp,
) -> Result<(), PaymentsError> {
    if payments.is_empty() && operations.is_empty() && entries.is_empty() {
        return Ok(());
    }
    let (saved, settled) = (PaymentColumns::of(payments), SettledColumns::of(operations));
    let entry = EntryColumns::of(entries);
    let changed = sqlx::query!(
        r#"WITH saved_payments AS (
             UPDATE payments.payments AS payment
                SET status = new.status, currency = new.currency, amount_minor = new.amount_minor,
                    captured_minor = new.captured_minor, refunded_minor = new.refunded_minor,
                    refunded_by_void_minor = new.refunded_by_void_minor, decline_reason = new.decline_reason,
                    version = payment.version + 1, updated_at = $1
               FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::integer[]) AS version_before,
                            unnest($4::text[]) AS status, unnest($5::text[]) AS currency,
                            unnest($6::bigint[]) AS amount_minor, unnest($7::bigint[]) AS captured_minor,
                            unnest($8::bigint[]) AS refunded_minor, unnest($9::bigint[]) AS refunded_by_void_minor,
                            unnest($10::text[]) AS decline_reason) AS new
              WHERE payment.order_id = ANY($2) AND payment.order_id = new.order_id
                AND payment.version = new.version_before
             RETURNING 1),
         settled_operations AS (
             UPDATE payments.operations AS operation
                SET status = new.status, amount_minor = COALESCE(new.amount_minor, operation.amount_minor),
                    error = new.error, provider_ref = COALESCE(new.provider_ref, operation.provider_ref),
                    updated_at = $1
               FROM (SELECT unnest($11::uuid[]) AS order_id, unnest($12::uuid[]) AS provider_key,
                            unnest($13::text[]) AS status, unnest($14::bigint[]) AS amount_minor,
                            unnest($15::text[]) AS error, unnest($16::text[]) AS provider_ref) AS new
              WHERE operation.order_id = ANY($11) AND operation.order_id = new.order_id
                AND operation.provider_key = new.provider_key
             RETURNING 1),
         entered AS (
             INSERT INTO payments.ledger_entries
                 (at, order_id, provider_key, kind, amount_minor, currency, gateway, cause, message_id,
                  executed_at)
             SELECT $1 AS at, new.order_id, new.provider_key, new.kind, new.amount_minor, new.currency, new.gateway,
                    new.cause, new.message_id,
                    COALESCE(new.executed_at, CASE WHEN new.message_id IS NOT NULL THEN $1 END) AS executed_at
               FROM (SELECT unnest($17::uuid[]) AS order_id, unnest($18::uuid[]) AS provider_key,
                            unnest($19::text[]) AS kind, unnest($20::bigint[]) AS amount_minor,
                            unnest($21::text[]) AS currency, unnest($22::text[]) AS gateway,
                            unnest($23::text[]) AS cause, unnest($24::uuid[]) AS message_id,
                            unnest($25::timestamptz[]) AS executed_at) AS new)
         SELECT (SELECT count(*) FROM saved_payments) AS "payments!",
                (SELECT count(*) FROM settled_operations) AS "operations!""#,
        now,
        &saved.order_id,
        &saved.version_before,
        &saved.status as &[&str],
        &saved.currency as &[Option<&str>],
        &saved.amount_minor,
        &saved.captured_minor,
        &saved.refunded_minor,
        &saved.refunded_by_void_minor,
        &saved.decline_reason as &[Option<&str>],
        &settled.order_id,
        &settled.provider_key,
        &settled.status as &[&str],
        &settled.amount_minor as &[Option<i64>],
        &settled.error as &[Option<&str>],
        &settled.provider_ref as &[Option<&str>],
        &entry.order_id,
        &entry.provider_key,
        &entry.kind as &[&str],
        &entry.amount_minor,
        &entry.currency as &[&str],
        &entry.gateway as &[&str],
        &entry.cause as &[&str],
        &entry.message_id as &[Option<Uuid>],
        &entry.executed_at as &[Option<Timestamp>],
    )
    .fetch_one(tx)
    .await?;
    ensure_rows("payments.payments", payments.len(), changed.payments)?;
    Ok(ensure_rows("payments.operations", operations.len(), changed.operations)?)
}

/// Payments to update, by column.
struct PaymentColumns<'a> {
    order_id: Vec<Uuid>,
    version_before: Vec<i32>,
    status: Vec<&'static str>,
    currency: Vec<Option<&'static str>>,
    amount_minor: Vec<i64>,
    captured_minor: Vec<i64>,
    refunded_minor: Vec<i64>,
    refunded_by_void_minor: Vec<i64>,
    decline_reason: Vec<Option<&'a str>>,
}

impl<'a> PaymentColumns<'a> {
    fn of(payments: &'a [StoredPayment]) -> Self {
        let balances = || payments.iter().map(|payment| payment.payment.balance());
        Self {
            order_id: payments.iter().map(|payment| payment.order_id.as_uuid()).collect(),
            version_before: payments.iter().map(|payment| payment.version).collect(),
            status: payments.iter().map(|payment| payment.payment.status().into()).collect(),
            currency: payments.iter().map(currency_code).collect(),
            amount_minor: payments.iter().map(amount_minor).collect(),
            captured_minor: balances().map(|balance| balance.map_or(0, |balance| balance.captured_minor)).collect(),
            refunded_minor: balances().map(|balance| balance.map_or(0, |balance| balance.refunded_minor)).collect(),
            refunded_by_void_minor: payments.iter().map(StoredPayment::refunded_by_void_minor).collect(),
            decline_reason: payments.iter().map(StoredPayment::decline_reason).collect(),
        }
    }
}

/// Operations to update, by column.
struct SettledColumns<'a> {
    order_id: Vec<Uuid>,
    provider_key: Vec<Uuid>,
    status: Vec<&'static str>,
    amount_minor: Vec<Option<i64>>,
    error: Vec<Option<&'a str>>,
    provider_ref: Vec<Option<&'a str>>,
}

impl<'a> SettledColumns<'a> {
    fn of(operations: &'a [SettledOperation]) -> Self {
        Self {
            order_id: operations.iter().map(|settled| settled.order_id.as_uuid()).collect(),
            provider_key: operations.iter().map(|settled| settled.key.as_uuid()).collect(),
            status: operations.iter().map(|settled| settled.status.into()).collect(),
            amount_minor: operations.iter().map(|settled| settled.amount_minor).collect(),
            error: operations.iter().map(|settled| settled.error.as_deref()).collect(),
            provider_ref: operations.iter().map(|settled| settled.reference.as_deref()).collect(),
        }
    }
}
