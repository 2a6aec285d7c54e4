//! The route handlers: one file per action, one folder per resource.

pub mod admin;
pub mod api_keys;
pub mod auth;
pub mod inventory;
pub mod money;
pub mod orders;
pub mod problems;
pub mod products;
pub mod reason;
pub mod returns;
pub mod shipments;
pub mod system;
pub mod viewer;
pub mod warehouses;
