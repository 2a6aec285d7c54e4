//! The caller as the viewer of orders.

use crate::auth::Caller;
use accounts::Role;
use orders::Viewer;

/// Whose orders the caller may see, as the `orders` crate expects it.
pub fn viewer(caller: Caller) -> Viewer {
    match caller.role {
        Role::Customer => Viewer::Customer(caller.id),
        Role::Vendor => Viewer::Vendor(caller.id),
        Role::Support | Role::Admin => Viewer::Admin(caller.id),
    }
}
