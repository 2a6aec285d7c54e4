//! Catalogue: owns schema `catalogue` (products). Hears and says nothing: the doors ask it for prices and hand them
//! on. Vendors keep their own SKUs, admins all. Knows no other slice.

mod cache;
mod cached_catalogue;
mod create_product;
mod cursor;
mod error;
mod find_product;
mod list_products;
mod product;
mod store;
mod update_product;

pub use cached_catalogue::{Catalogue, CatalogueLimits};
pub use create_product::{CREATE_MAX, create_product, create_products};
pub use cursor::{Cursor, ForgedCursor};
pub use error::{CatalogueError, ManageProductError};
pub use find_product::find_product;
pub use list_products::{BadPageSize, PAGE_SIZE_MAX, PageSize, ProductFilter, ProductPage, list_products};
pub use product::{
    Description, Editor, NewProduct, Product, ProductChange, ProductDetails, ProductName, ProductTextError, Viewer,
};
pub use update_product::update_product;
