//! Domain: the rules of order processing, and nothing else.
//!
//! Pure: no IO, no async, no clock. Time, ids and randomness are arguments, so that every rule is a function that a
//! test can call a million times per second. The slices share only one module: [`messages`].

mod allocation_policy;
pub mod applied;
pub mod email;
pub mod ids;
pub mod inventory;
pub mod location;
pub mod messages;
pub mod money;
pub mod order;
mod order_status;
pub mod page;
pub mod payment;
pub mod product;
pub mod refund;
mod return_reason;
pub mod returns;
pub mod saga;
pub mod shipment;
mod step_name;
mod string_enum;
pub mod text;

/// A point in time, as the database stores it: UTC, microseconds.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
