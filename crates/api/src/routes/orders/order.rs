//! Response bodies of orders.

use super::recipient::{ContactBody, ShipToBody};
use crate::docs::sets::{FulfilmentStatusSet, OrderPaymentStatusSet, OrderStatusSet, ShipmentStatusSet};
use crate::problem::Problem;
use crate::routes::money::MoneyBody;
use crate::routes::warehouses::codes::WarehouseCodes;
use crate::state::AppState;
use chrono::{DateTime, Utc};
use orders::{LineView, OrderSummary, OrderView, ShipmentView};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderSummaryBody {
    id: Uuid,
    /// For people, such as on the phone.
    #[schema(example = "DH20-6PWM")]
    order_number: String,
    /// The customer's own reference; hidden from vendors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "shop-1001")]
    external_ref: Option<String>,
    customer_id: Uuid,
    #[schema(value_type = OrderStatusSet, inline)]
    status: &'static str,
    /// `unpaid`, `authorized` (the money is reserved), `declined`, `partly_captured` (a part has been taken, with the
    /// shipments that are on their way), `captured`, `voided` (the reservation was released), `refunded`
    /// or `partly_refunded`.
    #[schema(value_type = OrderPaymentStatusSet, inline)]
    payment_status: &'static str,
    /// `unallocated`, `backordered` (waits for units that are out of stock), `allocated` (stock is reserved), `booked`
    /// (shipments are booked), `partly_shipped`, `shipped`, `delivered` or `released` (the reserved stock is free again).
    #[schema(value_type = FulfilmentStatusSet, inline)]
    fulfilment_status: &'static str,
    /// Why it was rejected, or why it was cancelled: a code, for cancellations one of the reasons of
    /// `/orders/{id}/cancel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why an operator should check the order; for admins only.
    #[serde(skip_serializing_if = "Option::is_none")]
    attention: Option<String>,
    /// The total of all lines and of shipping; for vendors, of their own lines.
    total: MoneyBody,
    /// Increases with every change of the order.
    #[schema(example = 5)]
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderBody {
    #[serde(flatten)]
    order: OrderSummaryBody,
    #[schema(example = "sim_ok")]
    payment_method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Where the goods go.
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_to: Option<ShipToBody>,
    /// How to reach the customer; hidden from vendors.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactBody>,
    /// The customer's own texts; hidden from vendors.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false, example = json!({ "channel": "web" }))]
    metadata: BTreeMap<String, String>,
    /// The price of shipping in minor units, a part of the total; hidden from vendors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, example = 0)]
    shipping_minor: Option<i64>,
    /// The order whose lost, damaged or returned shipment this order sends again, without a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    reship_of: Option<Uuid>,
    /// The return whose units it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange_of: Option<Uuid>,
    items: Vec<OrderLineBody>,
    /// Empty until the order is confirmed.
    shipments: Vec<OrderShipmentBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderLineBody {
    #[schema(example = 1)]
    line_no: i16,
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = "Wireless headphones")]
    name: String,
    vendor_id: Uuid,
    #[schema(example = 1)]
    quantity: u32,
    /// How many of the units were cancelled before they were handed over.
    #[schema(example = 0)]
    cancelled_quantity: u32,
    /// The price at which the order was placed.
    unit_price: MoneyBody,
    /// Tax on all units together, in minor units.
    #[schema(minimum = 0, example = 0)]
    tax_minor: i64,
    /// Discount on all units together, in minor units.
    #[schema(minimum = 0, example = 0)]
    discount_minor: i64,
    /// The price of all units, plus tax, minus discount.
    line_total: MoneyBody,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderShipmentBody {
    id: Uuid,
    warehouse_id: Uuid,
    #[schema(example = "EAST")]
    warehouse_code: String,
    #[schema(example = "simulated")]
    carrier: String,
    #[schema(example = "OF068T3S6H2QK9V5X7N0EG")]
    tracking_number: String,
    promised_by: DateTime<Utc>,
    #[schema(value_type = ShipmentStatusSet, inline)]
    status: &'static str,
}

impl From<OrderSummary> for OrderSummaryBody {
    fn from(order: OrderSummary) -> Self {
        Self {
            id: order.id.as_uuid(),
            order_number: order.order_number.to_string(),
            external_ref: order.external_ref,
            customer_id: order.customer_id.as_uuid(),
            status: order.status.into(),
            payment_status: order.payment_status.into(),
            fulfilment_status: order.fulfilment_status.into(),
            reason: order.reason,
            attention: order.attention,
            total: order.total.into(),
            version: order.version,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl OrderBody {
    pub async fn of(state: &AppState, view: OrderView) -> Result<Self, Problem> {
        let codes = WarehouseCodes::of(state, view.shipments.iter().map(|shipment| shipment.warehouse_id)).await?;
        let shipments = view.shipments.into_iter().map(|shipment| OrderShipmentBody::new(shipment, &codes));
        Ok(Self {
            order: view.order.into(),
            payment_method: view.payment_method,
            note: view.note,
            ship_to: view.recipient.ship_to.map(Into::into),
            contact: view.recipient.contact.map(Into::into),
            metadata: view.metadata,
            shipping_minor: view.shipping_minor,
            reship_of: view.reship_of.map(|order| order.as_uuid()),
            exchange_of: view.exchange_of.map(|id| id.as_uuid()),
            items: view.lines.into_iter().map(OrderLineBody::from).collect(),
            shipments: shipments.collect::<Result<_, _>>()?,
        })
    }
}

impl From<LineView> for OrderLineBody {
    fn from(line: LineView) -> Self {
        Self {
            line_no: line.line_no,
            sku: line.sku.into(),
            name: line.name,
            vendor_id: line.vendor_id.as_uuid(),
            quantity: line.quantity.get(),
            cancelled_quantity: line.cancelled_units,
            unit_price: line.unit_price.into(),
            tax_minor: line.tax_minor,
            discount_minor: line.discount_minor,
            line_total: line.line_total.into(),
        }
    }
}

impl OrderShipmentBody {
    fn new(shipment: ShipmentView, codes: &WarehouseCodes) -> Result<Self, Problem> {
        Ok(Self {
            id: shipment.shipment_id.as_uuid(),
            warehouse_id: shipment.warehouse_id.as_uuid(),
            warehouse_code: codes.of_id(shipment.warehouse_id)?,
            carrier: shipment.carrier,
            tracking_number: shipment.tracking_number,
            promised_by: shipment.promised_by,
            status: shipment.status.into(),
        })
    }
}
