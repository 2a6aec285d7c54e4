//! What admins decide about shipments with which something went wrong.

pub mod body;
pub mod reship;
pub mod resolve;
