//! Operations whose outcome is unknown.

use super::operations::OperationStatus;
use crate::error::PaymentsError;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::money::{Currency, Money};
use domain::payment::OperationKind;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) struct UnsettledOperation {
    pub order_id: OrderId,
    pub kind: OperationKind,
    pub subject: String,
    pub amount: Money,
}

struct Row {
    order_id: Uuid,
    kind: String,
    subject: String,
    amount_minor: i64,
    currency: Option<String>,
}

/// Which unsettled operations to claim.
pub(crate) struct Unsettled<'a> {
    /// Last updated before.
    pub updated_before: Timestamp,
    /// Created after, for each gateway by its name.
    pub created_after: &'a [(&'static str, Timestamp)],
    /// Created after, for operations of any other gateway.
    pub created_after_default: Timestamp,
}

/// Claims at most `limit` operations of unknown outcome, the oldest update first. Claiming sets `updated_at` to now.
/// Captures and refunds of a payment that is voided or being voided are not claimed, because the void's outcome covers
/// them.
///
/// Locks the payments, as everything does before it changes their operations, and skips those that are locked.
pub(crate) async fn claim_unsettled(
    tx: &mut PgConnection,
    unsettled: Unsettled<'_>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<UnsettledOperation>, PaymentsError> {
    let open: [&str; 2] = [OperationStatus::Started.into(), OperationStatus::Unknown.into()];
    let (gateway, created_after): (Vec<_>, Vec<_>) = unsettled.created_after.iter().copied().unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"WITH due AS MATERIALIZED (
               SELECT operation.order_id, operation.provider_key, payment.currency
               FROM payments.operations AS operation
               JOIN payments.payments AS payment USING (order_id)
               LEFT JOIN (SELECT unnest($5::text[]) AS gateway, unnest($6::timestamptz[]) AS created_after) AS known
                      ON known.gateway = payment.gateway
               WHERE operation.status IN ('started', 'unknown') AND operation.updated_at <= $1
                 AND operation.created_at > COALESCE(known.created_after, $7) AND payment.currency IS NOT NULL
                 AND CASE operation.kind
                         WHEN 'authorize' THEN false
                         WHEN 'void' THEN payment.status = 'voiding'
                         ELSE payment.status IN ('authorized', 'partly_captured', 'captured', 'refunded') END
               ORDER BY operation.updated_at LIMIT $3 FOR NO KEY UPDATE OF payment SKIP LOCKED)
           UPDATE payments.operations AS operation SET updated_at = $2
           FROM due
           WHERE operation.order_id = ANY (ARRAY(SELECT order_id FROM due))
             AND operation.order_id = due.order_id AND operation.provider_key = due.provider_key
             AND operation.status = ANY ($4)
           RETURNING operation.order_id, operation.kind, operation.subject, operation.amount_minor,
                     due.currency"#,
        unsettled.updated_before,
        now,
        i64::from(limit),
        &open as &[&str],
        &gateway as &[&str],
        &created_after,
        unsettled.created_after_default,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(UnsettledOperation::try_from).collect()
}

impl TryFrom<Row> for UnsettledOperation {
    type Error = PaymentsError;

    fn try_from(row: Row) -> Result<Self, PaymentsError> {
        let order_id = OrderId::from_uuid(row.order_id);
        let (stored, payment) =
            (StoredRow::new("payments.operations", order_id), StoredRow::new("payments.payments", order_id));
        let currency = row.currency.ok_or_else(|| payment.inconsistent("currency", "it is missing"))?;
        let currency: Currency = payment.read_column("currency", currency.parse())?;
        Ok(Self {
            order_id,
            kind: stored.read_column("kind", row.kind.parse())?,
            subject: row.subject,
            amount: Money { amount_minor: row.amount_minor, currency },
        })
    }
}
