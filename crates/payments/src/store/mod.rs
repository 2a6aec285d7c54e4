//! The SQL of the slice: payments, their gateway operations and their refunds.

mod late_refunds;
mod ledger_entries;
mod list_ledger;
mod list_refunds;
mod operations;
mod payments;
mod refunds;
mod removals;
mod row;
mod save_changes;
mod settlements;
mod unsettled;

pub(crate) use late_refunds::{
    ExpiredBefore, Repeats, claim_outcomes_to_repeat, orders_with_expired_refunds, orders_with_refunds_behind,
};
pub(crate) use ledger_entries::{Cause, CausedEntry};
pub(crate) use list_ledger::{list_ledger, summarize_ledger};
pub use list_refunds::RefundCursor;
pub(crate) use list_refunds::list_refunds;
pub use operations::OperationStatus;
pub(crate) use operations::{
    SettledOperation, StartedOperation, StoredOperation, find_operations, start_operations, write_off_captures,
};
pub(crate) use payments::{NewPayment, find_payment, lock_free_payments, lock_payments, open_payments};
pub use refunds::Refund;
pub(crate) use refunds::{find_refunds, insert_refund, save_refunds};
pub(crate) use removals::{delete_payments, lock_existing_payments, orders_with_open_payment};
pub(crate) use row::{PaymentRow, StoredPayment};
pub(crate) use save_changes::save;
pub use settlements::SettlementCursor;
pub(crate) use settlements::{is_settled, list_settlements, moved_on, save_settlements};
pub(crate) use unsettled::{Unsettled, UnsettledOperation, claim_unsettled};
