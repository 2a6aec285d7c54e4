//! Response bodies of shipments.

use crate::docs::sets::{CarrierReportSet, DeliveryExceptionSet, ShipmentStatusSet};
use crate::problem::Problem;
use crate::routes::warehouses::codes::WarehouseCodes;
use crate::state::AppState;
use chrono::{DateTime, Utc};
use serde::Serialize;
use shipping::{ShipmentEvent, ShipmentView};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentBody {
    id: Uuid,
    order_id: Uuid,
    warehouse_id: Uuid,
    #[schema(example = "EAST")]
    warehouse_code: String,
    /// Who sells its products. Absent for shipments from before vendors had their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_id: Option<Uuid>,
    #[schema(value_type = ShipmentStatusSet, inline)]
    status: &'static str,
    /// The company that transports it, once the vendor has entered it; before that the carrier of the booking.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "simulated")]
    carrier: Option<String>,
    /// For carrier `manual` the shipment's `id`, until the vendor has entered a tracking number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "OF068T3S6H2QK9V5X7N0EG")]
    tracking_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    promised_by: Option<DateTime<Utc>>,
    /// When it was first found to be late; absent while it is on time.
    #[serde(skip_serializing_if = "Option::is_none")]
    delayed_at: Option<DateTime<Utc>>,
    /// How late it is, as a level; 0 while it is on time.
    #[schema(example = 0)]
    delay_level: u16,
    /// What is wrong with it; absent when nothing is, when it has arrived after all, or when an admin has dismissed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeliveryExceptionSet>, inline)]
    exception: Option<&'static str>,
    items: Vec<ShippedLineBody>,
    /// Reports of the carrier, by the time of the event.
    events: Vec<ShipmentEventBody>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShippedLineBody {
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 1)]
    quantity: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentEventBody {
    #[schema(value_type = CarrierReportSet, inline)]
    status: &'static str,
    occurred_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl ShipmentBody {
    pub async fn of(state: &AppState, view: ShipmentView) -> Result<Self, Problem> {
        let codes = WarehouseCodes::of(state, std::iter::once(view.warehouse_id)).await?;
        Self::new(view, &codes)
    }

    pub async fn of_all(state: &AppState, views: Vec<ShipmentView>) -> Result<Vec<Self>, Problem> {
        let codes = WarehouseCodes::of(state, views.iter().map(|view| view.warehouse_id)).await?;
        views.into_iter().map(|view| Self::new(view, &codes)).collect()
    }

    fn new(view: ShipmentView, codes: &WarehouseCodes) -> Result<Self, Problem> {
        let lines = view.lines.into_iter();
        Ok(Self {
            id: view.shipment_id.as_uuid(),
            order_id: view.order_id.as_uuid(),
            warehouse_id: view.warehouse_id.as_uuid(),
            warehouse_code: codes.of_id(view.warehouse_id)?,
            vendor_id: view.vendor_id.map(|vendor| vendor.as_uuid()),
            status: view.status.into(),
            carrier: view.carrier_name.or(view.carrier),
            tracking_number: view.tracking_number.map(|number| number.to_string()),
            promised_by: view.promised_by,
            delayed_at: view.delayed_at,
            delay_level: view.delay_level,
            exception: view.exception.map(Into::into),
            items: lines.map(|line| ShippedLineBody { sku: line.sku.into(), quantity: line.quantity.get() }).collect(),
            events: view.events.into_iter().map(ShipmentEventBody::from).collect(),
            created_at: view.created_at,
            updated_at: view.updated_at,
        })
    }
}

impl From<ShipmentEvent> for ShipmentEventBody {
    fn from(event: ShipmentEvent) -> Self {
        let ShipmentEvent { status, occurred_at, recorded_at, note, .. } = event;
        Self { status: status.into(), occurred_at, recorded_at, note }
    }
}
