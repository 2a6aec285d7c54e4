//! What is sold.

pub mod create;
pub mod find;
pub mod list;
pub mod product;
pub mod update;

use crate::auth::Caller;
use accounts::Role;
use catalogue::{Editor, Viewer};

fn viewer(caller: Option<Caller>) -> Viewer {
    match caller {
        Some(Caller { role: Role::Admin, .. }) => Viewer::Admin,
        Some(Caller { role: Role::Vendor, id, .. }) => Viewer::Vendor(id),
        Some(Caller { role: Role::Customer, .. }) | None => Viewer::Public,
    }
}

/// The permission lets vendors and admins in; whoever else came in would be an editor of nothing.
fn editor(caller: Caller) -> Editor {
    match caller.role {
        Role::Admin => Editor::Admin,
        Role::Vendor | Role::Customer => Editor::Vendor(caller.id),
    }
}
