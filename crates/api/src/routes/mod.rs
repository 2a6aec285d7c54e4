//! What can be asked for: one file an action, in a folder a subject.

pub mod admin;
pub mod auth;
pub mod inventory;
pub mod money;
pub mod orders;
pub mod problems;
pub mod products;
pub mod reason;
pub mod shipments;
pub mod system;
pub mod warehouses;
