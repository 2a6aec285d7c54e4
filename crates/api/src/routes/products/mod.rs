//! The products of the catalogue.

pub mod create;
pub mod find;
pub mod list;
pub mod prices;
pub mod product;
pub mod update;

use crate::auth::Caller;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use accounts::Role;
use catalogue::{Editor, Viewer};
use domain::ids::UserId;

/// Which products the caller may see, as the `catalogue` crate expects it.
fn viewer(caller: Option<Caller>) -> Viewer {
    match caller {
        Some(Caller { role: Role::Support | Role::Admin, .. }) => Viewer::Staff,
        Some(Caller { role: Role::Vendor, id, .. }) => Viewer::Vendor(id),
        Some(Caller { role: Role::Customer, .. }) | None => Viewer::Public,
    }
}

/// Whose products the caller may change. Customers and support never get here; if one did, they would have no products
/// to change.
fn editor(caller: Caller) -> Editor {
    match caller.role {
        Role::Admin => Editor::Admin(caller.id),
        Role::Vendor | Role::Customer | Role::Support => Editor::Vendor(caller.id),
    }
}

/// A product belongs to its vendor. Admins can give it to another user who may sell.
async fn ensure_may_get_products(state: &AppState, caller: Caller, vendor: UserId) -> Result<(), Problem> {
    if vendor == caller.id {
        return Ok(());
    }
    if caller.role != Role::Admin {
        let detail = "`vendor_id` must be your own id, or be left out: only admins give products to others";
        return Err(Problem::about(Kind::Forbidden, "/vendor_id", detail));
    }
    if state.accounts.may_sell(vendor).await? {
        return Ok(());
    }
    let detail = format!("`vendor_id` must be the id of an active vendor or admin, got `{}`", vendor.as_uuid());
    Err(Problem::about(Kind::Validation, "/vendor_id", detail))
}
