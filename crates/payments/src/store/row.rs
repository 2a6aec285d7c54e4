//! How a payment is stored, and how it is rebuilt from its row and its operations.

use super::operations::{OperationStatus, StoredOperation};
use crate::error::PaymentsError;
use crate::gateway::Gateways;
use domain::Timestamp;
use domain::ids::{OrderId, PaymentId, ProviderKey};
use domain::messages::PaymentCommand;
use domain::money::Money;
use domain::payment::{Balance, OperationKind, OperationState, PartialOperation, Payment, PaymentStatus};
use platform::consistency::StoredRow;
use std::collections::HashMap;
use uuid::Uuid;

const MISSING: &str = "it is missing";

/// A payment with the other columns of its row.
#[derive(Debug, Clone)]
pub(crate) struct StoredPayment {
    pub order_id: OrderId,
    pub payment: Payment,
    /// The name of the gateway that all its operations go to.
    pub gateway: String,
    pub method: Option<String>,
    /// The version that was read, for the optimistic check on update.
    pub version: i32,
    pub operations: HashMap<ProviderKey, StoredOperation>,
}

pub(crate) struct PaymentRow {
    pub order_id: Uuid,
    pub id: Uuid,
    pub status: String,
    pub gateway: String,
    pub method: Option<String>,
    pub currency: Option<String>,
    pub amount_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub refunded_by_void_minor: i64,
    pub decline_reason: Option<String>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl StoredPayment {
    /// A new payment, created by `command`.
    pub fn new(order_id: OrderId, payment: Payment, gateways: &Gateways, command: &PaymentCommand) -> Self {
        let method = match command {
            PaymentCommand::Authorize(authorize) => Some(authorize.method.clone()),
            PaymentCommand::Void(_)
            | PaymentCommand::Capture(_)
            | PaymentCommand::Refund(_)
            | PaymentCommand::RefundLines(_)
            | PaymentCommand::WriteOff(_)
            | PaymentCommand::Reauthorize(_) => None,
        };
        let gateway = gateways.for_method(method.as_deref()).name.to_owned();
        Self { order_id, payment, gateway, method, version: 1, operations: HashMap::new() }
    }

    pub fn id(&self) -> PaymentId {
        PaymentId::of(self.order_id)
    }

    pub fn refunded_by_void_minor(&self) -> i64 {
        match self.payment {
            Payment::Voided { refunded_by_void_minor, .. } => refunded_by_void_minor,
            Payment::Authorizing { .. }
            | Payment::Declined { .. }
            | Payment::Open(_)
            | Payment::Voiding { .. }
            | Payment::Tombstone => 0,
        }
    }

    pub fn decline_reason(&self) -> Option<&str> {
        match &self.payment {
            Payment::Declined { reason, .. } => Some(reason),
            Payment::Authorizing { .. }
            | Payment::Open(_)
            | Payment::Voiding { .. }
            | Payment::Voided { .. }
            | Payment::Tombstone => None,
        }
    }
}

impl PaymentRow {
    pub fn with(self, operations: Vec<StoredOperation>) -> Result<StoredPayment, PaymentsError> {
        let order_id = OrderId::from_uuid(self.order_id);
        let status = self.stored().read_column("status", self.status.parse())?;
        let payment = match self.amount()? {
            Some(amount) => self.payment(status, amount, &operations)?,
            None if status == PaymentStatus::Voided => Payment::Tombstone,
            None => return Err(self.stored().inconsistent("currency", MISSING).into()),
        };
        let operations = operations.into_iter().map(|operation| (operation.key, operation)).collect();
        let Self { gateway, method, version, .. } = self;
        Ok(StoredPayment { order_id, payment, gateway, method, version, operations })
    }

    /// The row as errors name it.
    pub fn stored(&self) -> StoredRow<Uuid> {
        StoredRow::new("payments.payments", self.order_id)
    }

    /// `None` for a tombstone.
    pub fn amount(&self) -> Result<Option<Money>, PaymentsError> {
        let Some(currency) = &self.currency else { return Ok(None) };
        let currency = self.stored().read_column("currency", currency.parse())?;
        Ok(Some(Money { amount_minor: self.amount_minor, currency }))
    }

    fn payment(
        &self,
        status: PaymentStatus,
        amount: Money,
        operations: &[StoredOperation],
    ) -> Result<Payment, PaymentsError> {
        let balance = self.balance(amount, operations)?;
        let authorized = operations.iter().any(StoredOperation::is_done_authorization);
        Ok(match status {
            PaymentStatus::Authorizing => Payment::Authorizing { amount },
            PaymentStatus::Declined => {
                let reason = self.decline_reason.clone();
                let reason = reason.ok_or_else(|| self.stored().inconsistent("decline_reason", MISSING))?;
                Payment::Declined { amount, reason }
            }
            PaymentStatus::Authorized
            | PaymentStatus::PartlyCaptured
            | PaymentStatus::Captured
            | PaymentStatus::Refunded => Payment::Open(balance),
            PaymentStatus::Voiding => Payment::Voiding { balance, authorized },
            PaymentStatus::Voided => {
                Payment::Voided { balance, authorized, refunded_by_void_minor: self.refunded_by_void_minor }
            }
        })
    }

    fn balance(&self, amount: Money, operations: &[StoredOperation]) -> Result<Balance, PaymentsError> {
        let stored = StoredRow::new("payments.operations", self.order_id);
        let (captured_minor, refunded_minor) = (self.captured_minor, self.refunded_minor);
        let mut balance = Balance { captured_minor, refunded_minor, ..Balance::new(amount) };
        for operation in operations {
            let part = PartialOperation { amount_minor: operation.amount_minor, state: operation.state() };
            match operation.kind {
                OperationKind::Capture => {
                    let shipment = stored.read_column("subject", operation.subject.parse())?;
                    balance.captures.insert(shipment, part);
                }
                OperationKind::Refund => {
                    balance.refunds.insert(operation.subject.clone(), part);
                }
                OperationKind::Reauthorize => {
                    let attempt = stored.read_column("subject", operation.subject.parse())?;
                    balance.reauthorizations.insert(attempt, part);
                }
                OperationKind::Authorize | OperationKind::Void => {}
            }
        }
        Ok(balance)
    }
}

impl StoredOperation {
    fn is_done_authorization(&self) -> bool {
        self.kind == OperationKind::Authorize && self.status == OperationStatus::Succeeded
    }

    fn state(&self) -> OperationState {
        match self.status {
            OperationStatus::Started | OperationStatus::Unknown => OperationState::Requested,
            OperationStatus::Succeeded => OperationState::Done,
            OperationStatus::Declined => {
                let reason = self.error.clone().unwrap_or_default();
                let is_written_off = self.written_off_at.is_some();
                if is_written_off { OperationState::WrittenOff(reason) } else { OperationState::Declined(reason) }
            }
        }
    }
}
