//! What each policy promises, and what all promise.

mod alternatives;
mod every_policy;
mod fixtures;
mod minimise_splits;
mod ranked;
mod single_warehouse_first;
