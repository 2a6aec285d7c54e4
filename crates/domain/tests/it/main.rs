//! The domain's rules, through its public API.

mod backorders;
mod cancel_lines;
mod cancelling;
mod deadlines;
mod declines;
mod delivering;
mod exceptions;
mod faults;
mod forward;
mod inventory_model;
mod operators;
mod order_table;
mod properties;
mod reauthorizing;
mod refund_properties;
mod refund_status;
mod refunds;
mod replies;
mod return_histories;
mod returns;
mod script;
mod slices;
mod states;
mod vendors;
