//! Query: the payment of an order with its gateway operations.

use crate::error::PaymentsError;
use crate::store::{self, OperationStatus, PaymentRow, StoredOperation};
use domain::Timestamp;
use domain::ids::{OrderId, PaymentId, ProviderKey};
use domain::money::Currency;
use domain::payment::{OperationKind, PaymentStatus};
use sqlx::PgPool;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentView {
    pub id: PaymentId,
    pub order_id: OrderId,
    pub status: PaymentStatus,
    /// The name of the gateway that it belongs to.
    pub gateway: String,
    pub method: Option<String>,
    /// `None` when the void came before any authorization.
    pub currency: Option<Currency>,
    pub amount_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub decline_reason: Option<String>,
    /// Oldest first.
    pub operations: Vec<OperationView>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationView {
    pub provider_key: ProviderKey,
    pub kind: OperationKind,
    /// The shipment of a capture with its attempt, the cause of a refund, otherwise empty.
    pub subject: String,
    pub amount_minor: i64,
    pub status: OperationStatus,
    pub attempts: i32,
    pub error: Option<String>,
    pub provider_ref: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The payment of an order with all its gateway operations. `None` if no payment was requested for the order yet.
pub async fn find_payment(pool: &PgPool, order_id: OrderId) -> Result<Option<PaymentView>, PaymentsError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let Some(row) = store::find_payment(&mut connection, order_id).await? else { return Ok(None) };
    let mut operations = store::find_operations(&mut connection, &[order_id]).await?;
    let operations = operations.remove(&order_id).unwrap_or_default();
    PaymentView::try_new(row, operations).map(Some)
}

impl PaymentView {
    fn try_new(row: PaymentRow, mut operations: Vec<StoredOperation>) -> Result<Self, PaymentsError> {
        let order_id = OrderId::from_uuid(row.order_id);
        operations.sort_by_key(|operation| (operation.created_at, operation.key));
        Ok(Self {
            id: PaymentId::from_uuid(row.id),
            order_id,
            status: row.stored().read_column("status", row.status.parse())?,
            currency: row.amount()?.map(|amount| amount.currency),
            amount_minor: row.amount_minor,
            captured_minor: row.captured_minor,
            refunded_minor: row.refunded_minor,
            operations: operations.into_iter().map(OperationView::from).collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            gateway: row.gateway,
            method: row.method,
            decline_reason: row.decline_reason,
        })
    }
}

impl From<StoredOperation> for OperationView {
    fn from(operation: StoredOperation) -> Self {
        Self {
            provider_key: operation.key,
            kind: operation.kind,
            subject: operation.subject,
            amount_minor: operation.amount_minor,
            status: operation.status,
            attempts: operation.attempts,
            error: operation.error,
            provider_ref: operation.reference,
            created_at: operation.created_at,
            updated_at: operation.updated_at,
        }
    }
}
