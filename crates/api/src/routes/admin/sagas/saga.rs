//! The response body of a saga.

use crate::docs::sets::{OrderStatusSet, PhaseNameSet, StepNameSet};
use chrono::{DateTime, Utc};
use orders::SagaView;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct SagaBody {
    order_id: Uuid,
    #[schema(value_type = OrderStatusSet, inline)]
    order_status: &'static str,
    #[schema(value_type = PhaseNameSet, inline)]
    phase: &'static str,
    /// The step that is being executed or undone; absent if none is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<StepNameSet>, inline)]
    step: Option<String>,
    /// Increases with every command that the saga sends. Send it with an action, which then applies to this state only.
    #[schema(example = 12)]
    generation: u32,
    /// Why an operator should check the saga.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "inventory.release.v1 was sent 10 times without a reply")]
    attention: Option<String>,
    /// When the open step is retried if there is no reply; absent if none is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
    /// The `x-request-id` of the request that placed the order; search the logs for it.
    #[schema(example = "019ab1c2-7f3e-7c41-9d1a-3b0f5a6e8d27")]
    correlation_id: String,
}

impl From<SagaView> for SagaBody {
    fn from(saga: SagaView) -> Self {
        Self {
            order_id: saga.order_id.as_uuid(),
            order_status: saga.order_status.into(),
            phase: saga.phase.into(),
            step: saga.step,
            generation: saga.generation,
            attention: saga.attention,
            deadline_at: saga.deadline_at,
            updated_at: saga.updated_at,
            correlation_id: saga.correlation_id,
        }
    }
}
