//! The products of the catalogue.

pub mod create;
pub mod find;
pub mod list;
pub mod product;
pub mod update;

use crate::auth::Caller;
use accounts::Role;
use catalogue::{Editor, Viewer};

/// Which products the caller may see, as the `catalogue` crate expects it.
fn viewer(caller: Option<Caller>) -> Viewer {
    match caller {
        Some(Caller { role: Role::Admin, .. }) => Viewer::Staff,
        Some(Caller { role: Role::Vendor, id, .. }) => Viewer::Vendor(id),
        Some(Caller { role: Role::Customer, .. }) | None => Viewer::Public,
    }
}

/// Whose products the caller may change. Customers never get here; if one did, they would have no products to change.
fn editor(caller: Caller) -> Editor {
    match caller.role {
        Role::Admin => Editor::Admin,
        Role::Vendor | Role::Customer => Editor::Vendor(caller.id),
    }
}
