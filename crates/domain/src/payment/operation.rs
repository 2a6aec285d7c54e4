//! The operations of a gateway on an order's payment, and their idempotency keys.

use crate::ids::{BadId, OrderId, ProviderKey, ShipmentId};
use crate::messages::{CapturePayment, PaymentCommand};
use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operation {
    Authorize,
    Capture(CaptureAttempt),
    Void,
    /// Identified by its cause.
    Refund(String),
    /// Renews the authorization. Identified by its attempt, counted from one.
    Reauthorize(u32),
}

/// A capture of a shipment. A gateway declines for good under one key, so a later attempt has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaptureAttempt {
    pub shipment: ShipmentId,
    /// Counted from one.
    pub attempt: u32,
}

crate::string_enum! {
    pub enum OperationKind {
        Authorize,
        Capture,
        Void,
        Refund,
        Reauthorize,
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
            Self::Reauthorize(_) => OperationKind::Reauthorize,
        }
    }

    /// Identifies it among the payment's operations of its kind: the shipment of a capture with its attempt, the cause of
    /// a refund, the attempt of a reauthorization.
    pub fn subject(&self) -> String {
        match self {
            Self::Authorize | Self::Void => String::new(),
            Self::Capture(capture) => capture.to_string(),
            Self::Refund(cause) => cause.clone(),
            Self::Reauthorize(attempt) => attempt.to_string(),
        }
    }

    /// The operation that `command` requests.
    pub fn of(command: &PaymentCommand) -> Self {
        match command {
            PaymentCommand::Authorize(_) => Self::Authorize,
            PaymentCommand::Void(_) => Self::Void,
            PaymentCommand::Capture(capture) => Self::Capture(CaptureAttempt::of(capture)),
            PaymentCommand::Refund(refund) => Self::Refund(refund.cause.clone()),
            PaymentCommand::RefundLines(refund) => Self::Refund(refund.refund_id.to_string()),
            PaymentCommand::Reauthorize(reauthorize) => Self::Reauthorize(reauthorize.attempt),
            PaymentCommand::WriteOff(write_off) => {
                Self::Capture(CaptureAttempt { shipment: write_off.shipment_id, attempt: write_off.attempt })
            }
        }
    }
}

impl CaptureAttempt {
    pub const fn of(command: &CapturePayment) -> Self {
        Self { shipment: command.shipment_id, attempt: command.attempt }
    }
}

/// `<shipment>` for the first attempt, `<shipment>/<attempt>` for a later one.
impl fmt::Display for CaptureAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempt {
            1 => write!(f, "{}", self.shipment),
            later => write!(f, "{}/{later}", self.shipment),
        }
    }
}

impl FromStr for CaptureAttempt {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let (shipment, attempt) = text.split_once('/').unwrap_or((text, "1"));
        Ok(Self { shipment: shipment.parse()?, attempt: attempt.parse().map_err(|_no_number| BadId)? })
    }
}
