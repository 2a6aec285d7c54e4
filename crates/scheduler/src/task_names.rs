//! The names of the tasks.

/// The names of all tasks, in the format of the setting `SCHEDULER_TASKS`.
pub const TASK_NAMES: &str = "wake_stalled_sagas,advance_shipments,mark_delayed_shipments,query_stale_reservations,\
    check_low_stock,reconcile_payments,replay_failed_jobs,expire_idempotency_keys,prune_inbox,prune_refresh_tokens,prune_history,verify";
