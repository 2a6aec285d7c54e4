//! The payment methods that a gateway accepts.

/// The payment methods of one gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentMethods {
    names: &'static [&'static str],
    default: Option<&'static str>,
}

impl PaymentMethods {
    /// `default` is the method of orders that name none. With `None`, every order must name its method.
    pub const fn new(names: &'static [&'static str], default: Option<&'static str>) -> Self {
        Self { names, default }
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
