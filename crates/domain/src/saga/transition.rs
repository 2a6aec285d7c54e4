//! What comes of moving a saga: its new state, what to ask, and what to tell.

use super::order_saga::OrderSaga;
use crate::messages::{InventoryCommand, Message, PaymentCommand, ShipmentCommand};
use crate::order::Entry;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    pub saga: OrderSaga,
    /// To be sent.
    pub commands: Vec<Command>,
    /// To be recorded in the order, in this order.
    pub entries: Vec<Entry>,
}

/// A question with its number among the questions of its saga: asked again, it gets a new one. The number makes the
/// id of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub generation: u32,
    pub ask: Ask,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Inventory(InventoryCommand),
    Payment(PaymentCommand),
    Shipment(ShipmentCommand),
}

impl Ask {
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Inventory(command) => command.type_name(),
            Self::Payment(command) => command.type_name(),
            Self::Shipment(command) => command.type_name(),
        }
    }
}

impl Advance {
    pub(super) fn of(saga: OrderSaga) -> Self {
        Self { saga, commands: Vec::new(), entries: Vec::new() }
    }

    pub(super) fn tell(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Tells `entries` before whatever is told already.
    pub(super) fn told_first(mut self, entries: impl IntoIterator<Item = Entry>) -> Self {
        self.entries.splice(0..0, entries);
        self
    }

    pub(super) fn ask(mut self, ask: Ask) -> Self {
        self.saga.generation += 1;
        self.saga.unreceived = 0;
        self.commands.push(Command { generation: self.saga.generation, ask });
        self
    }
}
