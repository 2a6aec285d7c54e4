//! The sagas of orders: list, show, and act on one that is stuck.

pub mod act;
pub mod find;
pub mod list;
pub mod saga;
