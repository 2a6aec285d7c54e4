//! The commands of a saga.

use crate::messages::{InventoryCommand, Message, PaymentCommand, ShipmentCommand};

/// A command with its number among the commands of its saga. The number is part of the message id. A retry after an
/// expired deadline gets a new number; a command that no consumer received is sent again under its old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedCommand {
    pub generation: u32,
    pub command: Command,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Inventory(InventoryCommand),
    Payment(PaymentCommand),
    Shipment(ShipmentCommand),
}

impl Command {
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Inventory(command) => command.type_name(),
            Self::Payment(command) => command.type_name(),
            Self::Shipment(command) => command.type_name(),
        }
    }
}
