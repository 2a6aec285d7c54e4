//! `POST /admin/customers/{id}/erase`.

use crate::change::{Audited, Detached};
use crate::docs::sets::ErasureStatusSet;
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParam;
use crate::personal_records::OfOtherSlices;
use crate::policy::EraseCustomers;
use crate::problem::{Kind, Problem};
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use accounts::Erasure;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::ids::UserId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

domain::string_enum! {
    pub enum ErasureStatus {
        /// The account is erased; orders may be left.
        Erasing,
        Erased,
    }
}

/// How far the erasure of a customer is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureBody {
    customer_id: Uuid,
    #[schema(value_type = ErasureStatusSet, inline)]
    status: ErasureStatus,
    /// How many orders were erased so far.
    #[schema(example = 3)]
    orders: u64,
    requested_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<DateTime<Utc>>,
}

impl From<Erasure> for ErasureBody {
    fn from(erasure: Erasure) -> Self {
        let status = if erasure.completed_at.is_some() { ErasureStatus::Erased } else { ErasureStatus::Erasing };
        Self {
            customer_id: erasure.customer.as_uuid(),
            status,
            orders: erasure.orders,
            requested_at: erasure.requested_at,
            completed_at: erasure.completed_at,
        }
    }
}

/// Erase a customer
///
/// Replaces the address and the name of the account, ends its sessions and API keys, and keeps everybody from logging in.
/// Addresses, contacts, references, metadata and notes of its orders, and texts about them in the audit log, follow half
/// a minute later. What was ordered, paid and shipped stays. Refused while an order of the customer has not ended. It can't be
/// undone; repeat it to see how far it is.
#[utoipa::path(post, path = "/admin/customers/{id}/erase", tag = "admin",
    params(("id" = uuid::Uuid, Path, description = "The customer's user id"), KeyParam), request_body = ReasonBody,
    responses((status = 202, description = "How far the erasure is", body = ErasureBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn erase_customer(
    detached: Detached,
    by: Audited<EraseCustomers>,
    PathParam(customer): PathParam<UserId>,
    IdempotentJson { body, idempotency }: IdempotentJson<ReasonBody>,
) -> Result<IdempotentResponse, Problem> {
    let (admin, at) = (by.caller.id, by.at);
    let work = move |state: AppState, recorder| async move {
        state.accounts.erase_customer(customer, (admin, body.reason), at, (&recorder, &OfOtherSlices)).await
    };
    detached.run_once(by, idempotency, respond, work).await
}

fn respond(erasure: &Erasure) -> IdempotentResponse {
    IdempotentResponse::json(StatusCode::ACCEPTED, &ErasureBody::from(*erasure))
}
