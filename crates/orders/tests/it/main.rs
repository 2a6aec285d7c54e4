//! Integration tests of orders on a real Postgres, without a broker.

mod advance_saga;
mod backorders;
mod broker;
mod cancel_lines;
mod cancel_order;
mod details;
mod filters;
mod fixtures;
mod intake;
mod intake_faults;
mod lost_commit;
mod pages;
mod unpaid_limits;
mod wake_stalled_sagas;
