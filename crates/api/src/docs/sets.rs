//! The schemas of closed sets, for `#[schema(value_type = …, inline)]` and for parameters: a string with the names of an
//! enum's variants. Their meanings are in [`super::closed_sets`].
//!
//! Each has a type of its own: utoipa demands a schema of every type parameter, and the enums have none.

use strum::VariantNames;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! sets {
    ($($name:ident = $of:ty;)*) => { $(
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of(<$of as VariantNames>::VARIANTS)
            }
        }

        impl ToSchema for $name {}
    )* };
}

sets! {
    AdjustmentKindSet = domain::inventory::AdjustmentKind;
    AllocationPolicySet = domain::inventory::AllocationPolicy;
    AllocationStatusSet = inventory::AllocationStatus;
    AlternativeReasonSet = domain::inventory::AlternativeReason;
    CarrierReportSet = domain::shipment::CarrierReport;
    CancelReasonSet = domain::order::CancelReason;
    DeliveryExceptionSet = domain::shipment::DeliveryException;
    ConditionSet = domain::returns::Condition;
    DependencyStatusSet = crate::routes::system::health::DependencyStatus;
    ErasureStatusSet = crate::routes::admin::customers::erase::ErasureStatus;
    ExceptionOutcomeSet = crate::routes::admin::shipments::resolve::ExceptionOutcome;
    FulfilmentStatusSet = domain::order::FulfilmentStatus;
    HealthStatusSet = crate::routes::system::health::HealthStatus;
    JobStatusSet = operations::failed_jobs::JobStatus;
    LedgerEntryKindSet = domain::payment::LedgerEntryKind;
    LedgerFormatSet = crate::routes::admin::ledger::list::LedgerFormat;
    MovementKindSet = domain::inventory::MovementKind;
    OperationKindSet = domain::payment::OperationKind;
    OperationStatusSet = payments::OperationStatus;
    OrderPaymentStatusSet = domain::order::OrderPaymentStatus;
    OrderStatusSet = domain::order::OrderStatus;
    PaymentStatusSet = domain::payment::PaymentStatus;
    PhaseNameSet = domain::saga::PhaseName;
    ProcessRoleSet = operations::processes::Role;
    QueueSet = domain::messages::Queue;
    RefundReasonSet = domain::refund::RefundReason;
    RefundResolutionSet = domain::refund::RefundResolution;
    RefundScopeSet = domain::refund::RefundScopeKind;
    RefundStatusSet = domain::refund::RefundStatus;
    ReturnReasonSet = domain::returns::ReturnReason;
    ReturnRefundStatusSet = domain::returns::ReturnRefundStatus;
    ReturnStatusSet = domain::returns::ReturnStatus;
    ReplayStatusSet = operations::replays::ReplayStatus;
    RestockingSet = domain::returns::Restocking;
    RoleSet = accounts::Role;
    RunResultSet = crate::routes::admin::tasks::RunResult;
    SagaFilterSet = orders::SagaFilter;
    ScopeSet = accounts::Scope;
    SettlementStatusSet = payments::SettlementStatus;
    ShipmentStatusSet = domain::shipment::ShipmentStatus;
    StepNameSet = domain::saga::StepName;
    UserStatusSet = crate::routes::admin::users::item::UserStatus;
}

fn one_of(names: &'static [&'static str]) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names.iter().copied())).into()
}
