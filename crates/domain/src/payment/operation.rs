//! The operations of a gateway on an order's payment, and their idempotency keys.

use crate::ids::{OrderId, ProviderKey, ShipmentId};
use crate::messages::PaymentCommand;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operation {
    Authorize,
    Capture(ShipmentId),
    Void,
    /// Identified by its cause.
    Refund(String),
}

crate::string_enum! {
    pub enum OperationKind {
        Authorize,
        Capture,
        Void,
        Refund,
    }
}

impl Operation {
    /// The idempotency key: the same operation always has the same one.
    pub fn key(&self, order: OrderId) -> ProviderKey {
        ProviderKey::derive(order, &format!("{}/{}", self.kind(), self.subject()))
    }

    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Authorize => OperationKind::Authorize,
            Self::Capture(_) => OperationKind::Capture,
            Self::Void => OperationKind::Void,
            Self::Refund(_) => OperationKind::Refund,
        }
    }

    /// Identifies it among the payment's operations of its kind: the shipment of a capture, the cause of a refund.
    pub fn subject(&self) -> String {
        match self {
            Self::Authorize | Self::Void => String::new(),
            Self::Capture(shipment) => shipment.to_string(),
            Self::Refund(cause) => cause.clone(),
        }
    }

    /// The operation that `command` requests.
    pub fn of(command: &PaymentCommand) -> Self {
        match command {
            PaymentCommand::Authorize(_) => Self::Authorize,
            PaymentCommand::Void(_) => Self::Void,
            PaymentCommand::Capture(capture) => Self::Capture(capture.shipment_id),
            PaymentCommand::Refund(refund) => Self::Refund(refund.cause.clone()),
        }
    }
}
