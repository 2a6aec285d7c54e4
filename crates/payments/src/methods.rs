//! What an order may name as its payment method: what the gateway of this installation knows.

use crate::gateway::simulated;

/// The methods of one gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentMethods {
    known: &'static [&'static str],
    default: Option<&'static str>,
}

impl PaymentMethods {
    /// Those of the gateway that new orders are paid through. There is only the simulated one so far.
    pub const fn configured() -> Self {
        Self { known: simulated::METHODS, default: Some(simulated::METHOD_DEFAULT) }
    }

    pub fn knows(self, method: &str) -> bool {
        self.known.contains(&method)
    }

    pub const fn known(self) -> &'static [&'static str] {
        self.known
    }

    /// What an order that names none is paid with, if the gateway has such a method.
    pub const fn default_method(self) -> Option<&'static str> {
        self.default
    }
}
