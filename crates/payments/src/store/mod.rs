//! The SQL of the slice: payments and their gateway operations.

mod operations;
mod payments;
mod removals;
mod row;
mod save_changes;
mod unsettled;

pub use operations::OperationStatus;
pub(crate) use operations::{SettledOperation, StartedOperation, StoredOperation, find_operations, start_operations};
pub(crate) use payments::{NewPayment, find_payment, lock_payments, open_payments};
pub(crate) use removals::{delete_payments, lock_existing_payments, orders_with_open_payment};
pub(crate) use row::{PaymentRow, StoredPayment};
pub(crate) use save_changes::save;
pub(crate) use unsettled::{Unsettled, UnsettledOperation, claim_unsettled};
