//! What an installation knows of a customer: to export it, and to erase it.

pub mod erase;
pub mod export;
pub mod export_body;
