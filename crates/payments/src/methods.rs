//! The payment methods that orders may use: those of the configured gateway.

use crate::gateway::simulated;

/// The payment methods of one gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentMethods {
    names: &'static [&'static str],
    default: Option<&'static str>,
}

impl PaymentMethods {
    /// The methods of the gateway for new orders. So far, the simulated gateway is the only one.
    pub const fn configured() -> Self {
        Self { names: simulated::METHODS, default: Some(simulated::METHOD_DEFAULT) }
    }

    pub fn supports(self, method: &str) -> bool {
        self.names.contains(&method)
    }

    pub const fn names(self) -> &'static [&'static str] {
        self.names
    }

    /// The method of orders that name none, if the gateway has a default.
    pub const fn default_method(self) -> Option<&'static str> {
        self.default
    }
}
