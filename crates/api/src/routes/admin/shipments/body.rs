//! The response body of decisions about shipments.

use crate::docs::sets::OrderStatusSet;
use crate::idempotency::IdempotentResponse;
use axum::http::StatusCode;
use orders::DecidedException;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The order after the decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecidedBody {
    order_id: Uuid,
    shipment_id: Uuid,
    #[schema(value_type = OrderStatusSet, inline)]
    order_status: &'static str,
    /// Why the order still needs a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    attention: Option<String>,
    /// The order that sends the units again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reshipped_by: Option<Uuid>,
}

pub fn respond(decided: &DecidedException) -> IdempotentResponse {
    let body = DecidedBody {
        order_id: decided.order_id.as_uuid(),
        shipment_id: decided.shipment_id.as_uuid(),
        order_status: decided.status.into(),
        attention: decided.attention.clone(),
        reshipped_by: decided.reshipped_by.map(|order| order.as_uuid()),
    };
    IdempotentResponse::json(StatusCode::OK, &body)
}
