//! Failed jobs: dead-lettered messages, kept until a person decides about them. A replay publishes the message to the
//! queue in which it failed; discarding closes the job. A job whose message fails again is open again, in the same row.

mod decide;
mod fingerprint;
mod list;
mod prune;
mod store_dead_letters;

pub use crate::model::failed_jobs::{FailedJob, FailedJobFilter, JobStatus};
pub(crate) use decide::message_of;
pub use decide::{DecideError, discard, replay};
pub use list::{find_failed_job, list_failed_jobs};
pub use prune::{delete_jobs_of_orders, orders_with_open_jobs, prune_failed_jobs};
pub use store_dead_letters::FailedJobs;
