//! An entry of the ledger, as JSON and as a row of CSV.

use crate::docs::sets::LedgerEntryKindSet;
use chrono::{DateTime, Utc};
use payments::LedgerEntryView;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An entry of the money ledger. It is never changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerEntryBody {
    /// When it was recorded.
    pub at: DateTime<Utc>,
    pub order_id: Uuid,
    #[schema(value_type = LedgerEntryKindSet, inline)]
    pub kind: &'static str,
    /// In the minor unit of the currency. Negative if it corrects an earlier entry.
    #[schema(example = 1999)]
    pub amount_minor: i64,
    #[schema(example = "USD")]
    pub currency: &'static str,
    #[schema(example = "simulated")]
    pub gateway: String,
    /// The operation whose report showed it: its idempotency key at the gateway.
    pub operation_key: Uuid,
    /// The shipment of a capture, or the refund, with the attempt from the second one on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0190a1b2-0000-7000-8000-000000000001")]
    pub cause: Option<String>,
    /// The command whose call reported it; absent if a person recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Uuid>,
}

impl From<LedgerEntryView> for LedgerEntryBody {
    fn from(entry: LedgerEntryView) -> Self {
        Self {
            at: entry.at,
            order_id: entry.order_id.as_uuid(),
            kind: entry.kind.into(),
            amount_minor: entry.amount.amount_minor,
            currency: entry.amount.currency.code(),
            operation_key: entry.key.as_uuid(),
            cause: Some(entry.cause).filter(|cause| !cause.is_empty()),
            gateway: entry.gateway,
            message_id: entry.message_id.map(|id| id.as_uuid()),
        }
    }
}
