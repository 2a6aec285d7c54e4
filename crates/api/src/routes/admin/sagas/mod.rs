//! How orders are being carried, and what to do about one that got stuck.

pub mod act;
pub mod find;
pub mod list;
pub mod saga;
