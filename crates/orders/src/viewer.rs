//! Who looks at orders, and how much of them they see.

use domain::ids::UserId;

/// A customer sees their own orders; a vendor those with a line of theirs, and of the lines their own only; an admin
/// sees everything. What somebody may not see is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    Customer(UserId),
    Vendor(UserId),
    Admin,
}

impl Viewer {
    pub(crate) fn is_admin(self) -> bool {
        self == Self::Admin
    }

    pub(crate) fn vendor(self) -> Option<UserId> {
        match self {
            Self::Vendor(vendor) => Some(vendor),
            Self::Customer(_) | Self::Admin => None,
        }
    }
}
