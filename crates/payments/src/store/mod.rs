//! All SQL of the slice's own books: payments, and the operations that gateways were asked for.

mod operations;
mod payments;
mod row;
mod save_changes;
mod unsettled;

pub use operations::OperationStatus;
pub(crate) use operations::{SettledOperation, StartedOperation, StoredOperation, find_operations, start_operations};
pub(crate) use payments::{NewPayment, find_payment, lock_payments, open_payments};
pub(crate) use row::{PaymentRow, Stored};
pub(crate) use save_changes::save;
pub(crate) use unsettled::{UnsettledOperation, take_unsettled};
