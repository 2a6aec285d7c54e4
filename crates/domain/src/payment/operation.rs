//! What a gateway can be asked to do with an order's payment, and the key that it is asked under.

use crate::ids::{OrderId, ProviderKey, ShipmentId};
use crate::messages::PaymentCommand;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operation {
    Authorize,
    Capture(ShipmentId),
    Void,
    /// Named by its cause.
    Refund(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum OperationKind {
    Authorize,
    Capture,
    Void,
    Refund,
}

impl Operation {
    /// The same work always has the same key.
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

    /// What tells it from others of its kind on one payment: the shipment of a capture, the cause of a refund.
    pub fn subject(&self) -> String {
        match self {
            Self::Authorize | Self::Void => String::new(),
            Self::Capture(shipment) => shipment.to_string(),
            Self::Refund(cause) => cause.clone(),
        }
    }

    /// The work that `command` asks for.
    pub fn of(command: &PaymentCommand) -> Self {
        match command {
            PaymentCommand::Authorize(_) => Self::Authorize,
            PaymentCommand::Void(_) => Self::Void,
            PaymentCommand::Capture(capture) => Self::Capture(capture.shipment_id),
            PaymentCommand::Refund(refund) => Self::Refund(refund.cause.clone()),
        }
    }
}
