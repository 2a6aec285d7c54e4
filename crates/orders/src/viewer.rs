//! Who looks at orders, and how much of them they see.

use domain::ids::UserId;

/// Whoever placed an order sees all of it that customers see, whatever their role is now. Besides, a vendor sees the orders
/// with a line of theirs, and of the lines their own only; an admin sees everything. What somebody may not see is not
/// there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    Customer(UserId),
    Vendor(UserId),
    Admin(UserId),
}

impl Viewer {
    pub(crate) fn id(self) -> UserId {
        match self {
            Self::Customer(id) | Self::Vendor(id) | Self::Admin(id) => id,
        }
    }

    pub(crate) fn is_admin(self) -> bool {
        matches!(self, Self::Admin(_))
    }

    pub(crate) fn vendor(self) -> Option<UserId> {
        match self {
            Self::Vendor(vendor) => Some(vendor),
            Self::Customer(_) | Self::Admin(_) => None,
        }
    }

    /// As which they look at an order that `customer` placed.
    pub(crate) fn of_order_by(self, customer: UserId) -> Self {
        match self {
            Self::Vendor(vendor) if vendor == customer => Self::Customer(customer),
            viewer => viewer,
        }
    }
}
