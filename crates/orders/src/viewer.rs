//! The caller who reads orders, and how much of an order they may see.

use domain::ids::UserId;

/// The user who placed an order sees everything of it that customers see, whatever their role is now. A vendor also
/// sees orders with a line of theirs, and of these only their own lines. An admin sees everything. Orders, lines and
/// fields that the viewer may not see are left out.
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

    pub(crate) fn customer(self) -> Option<UserId> {
        match self {
            Self::Customer(customer) => Some(customer),
            Self::Vendor(_) | Self::Admin(_) => None,
        }
    }

    /// The viewer of an order that `customer` placed: a vendor sees their own order as its customer.
    pub(crate) fn of_order_by(self, customer: UserId) -> Self {
        match self {
            Self::Vendor(vendor) if vendor == customer => Self::Customer(customer),
            viewer => viewer,
        }
    }
}
