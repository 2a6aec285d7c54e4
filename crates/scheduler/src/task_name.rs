//! The names of the tasks: the only list of them.

use std::sync::LazyLock;
use strum::VariantNames as _;

domain::string_enum! {
    pub enum TaskName {
        WakeStalledSagas,
        WakeStalledReturns,
        AdvanceShipments,
        MarkDelayedShipments,
        QueryStaleReservations,
        CheckLowStock,
        FillBackorders,
        ReconcilePayments,
        ReauthorizePayments,
        SummarizeSettlements,
        ReplayFailedJobs,
        ExpireIdempotencyKeys,
        PruneInbox,
        PruneRefreshTokens,
        PruneHistory,
        ApplyRetention,
        CompleteErasures,
        Verify,
    }
}

/// The names of all tasks, in the format of the setting `SCHEDULER_TASKS`.
pub static TASK_NAMES: LazyLock<String> = LazyLock::new(|| TaskName::VARIANTS.join(","));
