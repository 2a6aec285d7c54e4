//! How orders are being carried, and what to do about one that got stuck.

pub mod find;
pub mod list;
pub mod operate;
pub mod saga;
