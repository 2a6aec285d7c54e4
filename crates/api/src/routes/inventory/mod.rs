//! Stock per SKU and warehouse. Vendors see and adjust the stock of their own products, admins all stock. Support sees
//! all.

pub mod adjust;
pub mod find;
pub mod list;
pub mod movements;
pub mod set_threshold;
pub mod stock;
pub mod transfer;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::problem::text::quote;
use crate::state::AppState;
use accounts::Role;
use catalogue::{ProductFilter, Viewer};
use domain::page::PageSize;
use domain::product::Sku;

/// A vendor's stock list covers this many pages of their products, 5,000 products in all. Beyond that, `sku` must be
/// given.
const VENDOR_PAGES_MAX: usize = 50;

/// Whether the caller may adjust stock of this SKU: vendors of their own products, admins of every product.
async fn may_manage(state: &AppState, caller: Caller, sku: &Sku) -> Result<bool, Problem> {
    has_access(state, caller, sku, caller.role == Role::Admin).await
}

/// Whether the caller may see stock of this SKU: vendors of their own products, support and admins of every product.
async fn may_see(state: &AppState, caller: Caller, sku: &Sku) -> Result<bool, Problem> {
    has_access(state, caller, sku, sees_all(caller)).await
}

/// Whether the product exists, and is the caller's own or `to_all` is true.
async fn has_access(state: &AppState, caller: Caller, sku: &Sku, to_all: bool) -> Result<bool, Problem> {
    let product = state.catalogue.products(std::slice::from_ref(sku)).await?.pop().flatten();
    Ok(product.is_some_and(|product| to_all || product.vendor_id == caller.id))
}

fn sees_all(caller: Caller) -> bool {
    matches!(caller.role, Role::Support | Role::Admin)
}

fn unknown_sku_detail(sku: &Sku) -> String {
    format!(
        "`sku`: no product {} exists, or it is not yours; list your stock with GET /api/v1/inventory",
        quote(sku.as_str())
    )
}

/// All SKUs of a vendor.
async fn vendor_skus(state: &AppState, vendor: Caller) -> Result<Vec<Sku>, Problem> {
    let mut skus = Vec::new();
    let mut filter = ProductFilter { vendor_id: Some(vendor.id), limit: PageSize::MAX, ..ProductFilter::default() };
    for _page in 0..VENDOR_PAGES_MAX {
        let page = catalogue::list_products(&state.pool, Viewer::Vendor(vendor.id), filter.clone()).await?;
        skus.extend(page.items.into_iter().map(|details| details.product.sku));
        filter.after = page.next;
        if filter.after.is_none() {
            break;
        }
    }
    Ok(skus)
}
