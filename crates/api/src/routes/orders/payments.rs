//! `GET /orders/{id}/payments`.

use super::visible_order;
use crate::auth::Allowed;
use crate::docs::sets::{OperationKindSet, OperationStatusSet, PaymentStatusSet};
use crate::page::Page;
use crate::params::PathParam;
use crate::policy::SeePayments;
use crate::problem::Problem;
use crate::state::AppState;
use accounts::Role;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::ids::OrderId;
use payments::{OperationView, PaymentView};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentBody {
    id: Uuid,
    order_id: Uuid,
    #[schema(value_type = PaymentStatusSet, inline)]
    status: String,
    /// The gateway that the payment belongs to.
    #[schema(example = "simulated")]
    gateway: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "sim_ok")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "USD")]
    currency: Option<&'static str>,
    #[schema(example = 1999)]
    amount_minor: i64,
    #[schema(example = 0)]
    captured_minor: i64,
    #[schema(example = 0)]
    refunded_minor: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_reason: Option<String>,
    /// The operations requested from the payment gateway, oldest first.
    operations: Vec<OperationBody>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OperationBody {
    #[schema(value_type = OperationKindSet, inline)]
    kind: String,
    #[schema(example = 1999)]
    amount_minor: i64,
    #[schema(value_type = OperationStatusSet, inline)]
    status: String,
    #[schema(example = 1)]
    attempts: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_ref: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<PaymentView> for PaymentBody {
    fn from(payment: PaymentView) -> Self {
        Self {
            id: payment.id.as_uuid(),
            order_id: payment.order_id.as_uuid(),
            status: payment.status.to_string(),
            gateway: payment.gateway,
            method: payment.method,
            currency: payment.currency.map(|currency| currency.code()),
            amount_minor: payment.amount_minor,
            captured_minor: payment.captured_minor,
            refunded_minor: payment.refunded_minor,
            decline_reason: payment.decline_reason,
            operations: payment.operations.into_iter().map(OperationBody::from).collect(),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

impl From<OperationView> for OperationBody {
    fn from(operation: OperationView) -> Self {
        Self {
            kind: operation.kind.to_string(),
            amount_minor: operation.amount_minor,
            status: operation.status.to_string(),
            attempts: operation.attempts,
            provider_ref: operation.provider_ref,
            created_at: operation.created_at,
            updated_at: operation.updated_at,
        }
    }
}

/// Show an order's payment
///
/// For the customer who placed the order, and for admins. Empty until the payment is requested.
#[utoipa::path(get, path = "/orders/{id}/payments", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The payment, if there is one", body = Page<PaymentBody>)), security(("access_token" = [])))]
pub async fn order_payments(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeePayments>,
    PathParam(id): PathParam<OrderId>,
) -> Result<Json<Page<PaymentBody>>, Problem> {
    let order = visible_order(&state, caller, id).await?.order;
    if caller.role == Role::Vendor && order.customer_id != caller.id {
        return Err(Problem::not_found("order"));
    }
    let payment = payments::find_payment(&state.pool, id).await?;
    Ok(Json(Page::complete(payment.map(PaymentBody::from))))
}
