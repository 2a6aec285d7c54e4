//! Table `payments.operations`: one row per gateway operation.

use crate::call::{Call, KeyedOperation, Report};
use crate::error::PaymentsError;
use crate::gateway::{Outcome, Voided};
use domain::Timestamp;
use domain::ids::{OrderId, ProviderKey};
use domain::payment::{Operation, OperationKind};
use platform::consistency::{StoredRow, ensure_rows};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

domain::string_enum! {
    pub enum OperationStatus {
        /// About to be called, or called and without a stored outcome.
        Started,
        Succeeded,
        Declined,
        /// Called, and possibly executed.
        Unknown,
    }
}

#[derive(Debug, Clone)]
pub(crate) struct StoredOperation {
    pub key: ProviderKey,
    pub kind: OperationKind,
    pub subject: String,
    pub amount_minor: i64,
    pub status: OperationStatus,
    pub attempts: i32,
    pub error: Option<String>,
    pub reference: Option<String>,
    /// When a person gave up a declined capture.
    pub written_off_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// An operation whose gateway call is about to be made or repeated.
#[derive(Debug)]
pub(crate) struct StartedOperation {
    order_id: OrderId,
    gateway: String,
    operation: Operation,
    amount_minor: i64,
}

/// The outcome of an operation.
#[derive(Debug)]
pub(crate) struct SettledOperation {
    pub order_id: OrderId,
    pub key: ProviderKey,
    pub status: OperationStatus,
    /// `None` keeps the stored amount.
    pub amount_minor: Option<i64>,
    pub error: Option<String>,
    pub reference: Option<String>,
}

struct OperationRow {
    order_id: Uuid,
    provider_key: Uuid,
    kind: String,
    subject: String,
    amount_minor: i64,
    status: String,
    attempts: i32,
    error: Option<String>,
    provider_ref: Option<String>,
    written_off_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

pub(crate) async fn find_operations(
    tx: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, Vec<StoredOperation>>, PaymentsError> {
    let order_ids: Vec<Uuid> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as!(
        OperationRow,
        "SELECT order_id, provider_key, kind, subject, amount_minor, status, attempts, error, provider_ref,
                written_off_at, created_at, updated_at
         FROM payments.operations WHERE order_id = ANY($1)",
        &order_ids,
    )
    .fetch_all(tx)
    .await?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        found.entry(OrderId::from_uuid(row.order_id)).or_default().push(row.try_into()?);
    }
    Ok(found)
}

/// Stores that the calls of `operations` are about to be made.
pub(crate) async fn start_operations(
    tx: &mut PgConnection,
    operations: &[StartedOperation],
    now: Timestamp,
) -> Result<(), PaymentsError> {
    if operations.is_empty() {
        return Ok(());
    }
    let started = StartedColumns::of(operations);
    sqlx::query!(
        "INSERT INTO payments.operations AS operation
             (order_id, provider_key, gateway, kind, subject, amount_minor, status, attempts, created_at, updated_at)
         SELECT new.order_id, new.provider_key, new.gateway, new.kind, new.subject, new.amount_minor,
                'started' AS status, 1 AS attempts, $1 AS created_at, $1 AS updated_at
           FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::uuid[]) AS provider_key,
                        unnest($4::text[]) AS gateway, unnest($5::text[]) AS kind, unnest($6::text[]) AS subject,
                        unnest($7::bigint[]) AS amount_minor) AS new
         ON CONFLICT (order_id, provider_key)
         DO UPDATE SET status = 'started', attempts = operation.attempts + 1, updated_at = $1",
        now,
        &started.order_id,
        &started.provider_key,
        &started.gateway as &[&str],
        &started.kind as &[&str],
        &started.subject,
        &started.amount_minor,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Records that a person gave up these declined captures.
pub(crate) async fn write_off_captures(
    tx: &mut PgConnection,
    captures: &[(OrderId, ProviderKey)],
    now: Timestamp,
) -> Result<(), PaymentsError> {
    if captures.is_empty() {
        return Ok(());
    }
    let (order_id, provider_key): (Vec<_>, Vec<_>) =
        captures.iter().map(|(order, key)| (order.as_uuid(), key.as_uuid())).unzip();
    let changed = sqlx::query!(
        "UPDATE payments.operations SET written_off_at = $1, updated_at = $1
         WHERE order_id = ANY($2) AND provider_key = ANY($3) AND status = 'declined'",
        now,
        &order_id,
        &provider_key,
    )
    .execute(tx)
    .await?;
    Ok(ensure_rows("payments.operations", captures.len(), changed.rows_affected())?)
}

/// Operations to start, by column.
pub(super) struct StartedColumns<'a> {
    pub order_id: Vec<Uuid>,
    pub provider_key: Vec<Uuid>,
    pub gateway: Vec<&'a str>,
    pub kind: Vec<&'static str>,
    pub subject: Vec<String>,
    pub amount_minor: Vec<i64>,
}

impl<'a> StartedColumns<'a> {
    pub fn of(operations: &'a [StartedOperation]) -> Self {
        Self {
            order_id: operations.iter().map(|started| started.order_id.as_uuid()).collect(),
            provider_key: operations.iter().map(|started| started.operation.key(started.order_id).as_uuid()).collect(),
            gateway: operations.iter().map(|started| started.gateway.as_str()).collect(),
            kind: operations.iter().map(|started| started.operation.kind().into()).collect(),
            subject: operations.iter().map(|started| started.operation.subject()).collect(),
            amount_minor: operations.iter().map(|started| started.amount_minor).collect(),
        }
    }
}

impl OperationStatus {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Declined)
    }
}

impl StartedOperation {
    /// A refund under its `cause`.
    pub fn refund(order_id: OrderId, gateway: String, cause: String, amount_minor: i64) -> Self {
        Self { order_id, gateway, operation: Operation::Refund(cause), amount_minor }
    }

    pub fn of(call: &Call) -> Option<Self> {
        match call {
            Call::NotNeeded | Call::Refused(_) => None,
            Call::Void { order_id, gateway } => {
                let gateway = gateway.clone();
                Some(Self { order_id: *order_id, gateway, operation: Operation::Void, amount_minor: 0 })
            }
            Call::Perform(KeyedOperation { order_id, gateway, request, .. }) => {
                let (operation, amount_minor) = (request.operation(), request.amount().amount_minor);
                Some(Self { order_id: *order_id, gateway: gateway.clone(), operation, amount_minor })
            }
        }
    }
}

impl SettledOperation {
    pub fn of(order_id: OrderId, report: &Report) -> Self {
        let key = report.operation().key(order_id);
        let blank = Self {
            order_id,
            key,
            status: OperationStatus::Succeeded,
            amount_minor: None,
            error: None,
            reference: None,
        };
        match report {
            Report::Authorize(_, outcome)
            | Report::Capture(_, outcome)
            | Report::Refund(_, outcome)
            | Report::Reauthorize(_, outcome) => match outcome {
                Outcome::Succeeded(receipt) => Self { reference: Some(receipt.reference.clone()), ..blank },
                Outcome::Declined { reason } => {
                    Self { status: OperationStatus::Declined, error: Some(reason.clone()), ..blank }
                }
                Outcome::Unknown { why } => blank.mark_unknown(why),
            },
            Report::Void(Outcome::Succeeded(Voided { found, .. })) => {
                Self { amount_minor: Some(found.refunded_by_void_minor), ..blank }
            }
            Report::Void(Outcome::Declined { reason }) => blank.mark_unknown(&format!("declined: {reason}")),
            Report::Void(Outcome::Unknown { why }) => blank.mark_unknown(why),
        }
    }

    pub fn mark_unknown(self, why: &str) -> Self {
        Self { status: OperationStatus::Unknown, error: Some(why.to_owned()), ..self }
    }
}

impl TryFrom<OperationRow> for StoredOperation {
    type Error = PaymentsError;

    fn try_from(row: OperationRow) -> Result<Self, PaymentsError> {
        let stored = StoredRow::new("payments.operations", row.provider_key);
        Ok(Self {
            key: ProviderKey::from_uuid(row.provider_key),
            kind: stored.read_column("kind", row.kind.parse())?,
            subject: row.subject,
            amount_minor: row.amount_minor,
            status: stored.read_column("status", row.status.parse())?,
            attempts: row.attempts,
            error: row.error,
            reference: row.provider_ref,
            written_off_at: row.written_off_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
