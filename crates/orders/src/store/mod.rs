//! All SQL of this slice. Functions run in the caller's transaction and never commit.

mod changed_on;
pub(crate) mod erasures;
pub(crate) mod exchanges;
pub(crate) mod external_refs;
pub(crate) mod idempotency_keys;
pub(crate) mod insert_orders;
pub(crate) mod lock_sagas;
pub(crate) mod metadata;
pub(crate) mod order_filters;
pub(crate) mod order_pages;
pub(crate) mod ordered_lines;
pub(crate) mod recipients;
pub(crate) mod refundable;
pub(crate) mod removals;
pub(crate) mod reships;
pub(crate) mod return_pages;
pub(crate) mod returnable;
pub(crate) mod returns;
pub(crate) mod saga_pages;
pub(crate) mod save_changes;
pub(crate) mod save_returns;
mod status_groups;
#[cfg(test)]
mod tests;
pub(crate) mod timeline;
pub(crate) mod unpaid_orders;

const ORDERS: &str = "orders.orders";
const RECIPIENTS: &str = "orders.recipients";
const SAGAS: &str = "orders.sagas";
