//! Catalogue: owns schema `catalogue` (products, and the prices that they have had). Neither consumes nor publishes
//! messages: the api reads prices from it and passes them on to the other slices. Vendors manage their own SKUs, admins
//! all. Depends on no other slice.

mod cache;
mod cached_catalogue;
mod create_product;
mod cursor;
mod error;
mod find_product;
mod list_prices;
mod list_products;
mod price;
mod product;
mod product_filter;
mod store;
mod update_product;
mod withdraw_products;

pub use cached_catalogue::{Catalogue, CatalogueLimits};
pub use create_product::{CREATE_MAX, create_product, create_products};
pub use cursor::{Cursor, InvalidCursor};
pub use error::{CatalogueError, ManageProductError};
pub use find_product::find_product;
pub use list_prices::list_prices;
pub use list_products::list_products;
pub use price::{InvalidPriceCursor, PastPrice, PriceCursor};
pub use product::{
    Description, Editor, NewProduct, Product, ProductChange, ProductDetails, ProductName, ProductTextError, Viewer,
};
pub use product_filter::ProductFilter;
pub use update_product::update_product;
pub use withdraw_products::withdraw_products_of;
