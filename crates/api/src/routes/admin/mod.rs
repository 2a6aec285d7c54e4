//! Administration; every route requires the role `admin`.

pub mod audit_logs;
pub mod customers;
pub mod failed_jobs;
pub mod ledger;
pub mod refunds;
pub mod replays;
pub mod sagas;
pub mod settlements;
pub mod shipments;
pub mod tasks;
pub mod users;
