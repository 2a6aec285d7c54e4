//! The response body of an export.

use super::erase::ErasureBody;
use crate::page::Page;
use crate::routes::admin::audit_logs::AuditEntryBody;
use crate::routes::admin::users::item::UserItemBody;
use crate::routes::api_keys::key::ApiKeyBody;
use crate::routes::orders::events::EventBody;
use crate::routes::orders::order::OrderBody;
use crate::routes::orders::payments::PaymentBody;
use crate::routes::orders::refunds::body::RefundBody;
use crate::routes::returns::body::ReturnBody;
use crate::routes::shipments::shipment::ShipmentBody;
use accounts::SessionView;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Everything that is stored of a customer, but for secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerExportBody {
    pub account: UserItemBody,
    /// How far the erasure of the customer is, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erasure: Option<ErasureBody>,
    /// The newest 1,000, ended ones included.
    pub sessions: Vec<ExportedSessionBody>,
    /// The newest 100, revoked ones included.
    pub api_keys: Vec<ApiKeyBody>,
    /// The newest 1,000 entries about the account and its API keys, and about what they changed.
    pub audit_log: Vec<AuditEntryBody>,
    /// A page of the customer's orders, the newest first.
    pub orders: Page<ExportedOrderBody>,
}

/// A login, and where it came from.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedSessionBody {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "192.0.2.17")]
    client_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "curl/8.5.0")]
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
}

/// An order with everything that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedOrderBody {
    pub order: OrderBody,
    /// Its timeline.
    pub events: Vec<EventBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentBody>,
    pub refunds: Vec<RefundBody>,
    /// The newest 100.
    pub returns: Vec<ReturnBody>,
    pub shipments: Vec<ShipmentBody>,
    /// The newest 1,000 entries about the order.
    pub audit_log: Vec<AuditEntryBody>,
}

impl From<SessionView> for ExportedSessionBody {
    fn from(session: SessionView) -> Self {
        let SessionView { id, client_address, user_agent, created_at, last_used_at } = session;
        Self { id: id.as_uuid(), client_address, user_agent, created_at, last_used_at }
    }
}
