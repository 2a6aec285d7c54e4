//! What lies where. Vendors see and move the stock of their own products, admins all.

pub mod adjust;
pub mod find;
pub mod list;
pub mod set_threshold;
pub mod stock;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::problem::text::tick;
use crate::state::AppState;
use accounts::Role;
use catalogue::{PageSize, ProductFilter, Viewer};
use domain::product::Sku;

/// Pages of products that a vendor's stock list is made from: 5,000 products. Who has more names a SKU.
const VENDOR_PAGES_MAX: usize = 50;
const VENDOR_PAGE_SIZE: i64 = 100;

/// Whether this is the caller's to see and to move. Admins: all that is in the catalogue.
async fn is_theirs(state: &AppState, caller: Caller, sku: &Sku) -> Result<bool, Problem> {
    let product = state.catalogue.products(std::slice::from_ref(sku)).await?.pop().flatten();
    Ok(product.is_some_and(|product| caller.role == Role::Admin || product.vendor_id == caller.id))
}

fn not_yours(sku: &Sku) -> String {
    format!("`sku`: no product of yours is called {}; list yours with GET /api/v1/inventory", tick(sku.as_str()))
}

/// All SKUs of a vendor.
async fn skus_of(state: &AppState, vendor: Caller) -> Result<Vec<Sku>, Problem> {
    let mut skus = Vec::new();
    let limit = PageSize::try_from(VENDOR_PAGE_SIZE).unwrap_or_default();
    let mut filter = ProductFilter { vendor_id: Some(vendor.id), limit, ..ProductFilter::default() };
    for _page in 0..VENDOR_PAGES_MAX {
        let page = catalogue::list_products(&state.pool, Viewer::Vendor(vendor.id), filter.clone()).await?;
        skus.extend(page.products.into_iter().map(|details| details.product.sku));
        filter.after = page.next;
        if filter.after.is_none() {
            break;
        }
    }
    Ok(skus)
}
