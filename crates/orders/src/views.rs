//! Orders, their timelines and their sagas, as clients and operators see them.

use crate::cursor::SagaCursor;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ReturnId, ShipmentId, UserId, WarehouseId};
use domain::money::Money;
use domain::order::{FulfilmentStatus, OrderNumber, OrderPaymentStatus, OrderStatus, Recipient};
use domain::product::{Quantity, Sku};
use domain::saga::PhaseName;
use domain::shipment::ShipmentStatus;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSummary {
    pub id: OrderId,
    pub order_number: OrderNumber,
    /// The shop's own reference; `None` for a vendor.
    pub external_ref: Option<String>,
    pub customer_id: UserId,
    pub status: OrderStatus,
    pub payment_status: OrderPaymentStatus,
    pub fulfilment_status: FulfilmentStatus,
    /// Why it was rejected or cancelled, as a short code.
    pub reason: Option<String>,
    /// Why the order needs a human; for admins only.
    pub attention: Option<String>,
    /// For a vendor: the total of their own lines.
    pub total: Money,
    /// Rises by one with each timeline entry.
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderView {
    pub order: OrderSummary,
    pub payment_method: String,
    pub note: Option<String>,
    pub lines: Vec<LineView>,
    /// `None` if the order has none, it was erased, or for the contact also if the viewer is a vendor.
    pub recipient: Recipient,
    /// Empty for a vendor.
    pub metadata: BTreeMap<String, String>,
    /// What the order costs beside its lines; `None` for a vendor.
    pub shipping_minor: Option<i64>,
    /// The order whose lost, damaged or returned shipment this order sends again.
    pub reship_of: Option<OrderId>,
    /// The return whose units it replaces.
    pub exchange_of: Option<ReturnId>,
    /// Empty until the order is confirmed. A vendor sees them only if all lines are theirs.
    pub shipments: Vec<ShipmentView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineView {
    pub line_no: i16,
    pub sku: Sku,
    pub name: String,
    pub vendor_id: UserId,
    /// As it was ordered.
    pub quantity: Quantity,
    /// How many of the units were cancelled before they were handed over.
    pub cancelled_units: u32,
    pub unit_price: Money,
    pub tax_minor: i64,
    pub discount_minor: i64,
    /// With tax and discount.
    pub line_total: Money,
}

/// A shipment as the order's timeline records it; `shipping` has more detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShipmentView {
    pub shipment_id: ShipmentId,
    pub warehouse_id: WarehouseId,
    pub carrier: String,
    pub tracking_number: String,
    pub promised_by: Timestamp,
    pub status: ShipmentStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// The order's version after it.
    pub version: i32,
    /// `accepted`, `stock_reserved`, `payment_declined`, ...
    pub kind: String,
    pub from: Option<OrderStatus>,
    pub to: OrderStatus,
    /// Details of the entry. Hidden from vendors, because it may name products of other vendors; the details of
    /// operator actions are only for admins.
    pub detail: Option<serde_json::Value>,
    /// The message that caused it, if one did.
    pub cause: Option<MessageId>,
    /// The actor that caused it, if one did: `customer`, `admin`, `scheduler`; admins also see the actor's id.
    pub actor: Option<String>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SagaView {
    pub order_id: OrderId,
    pub order_status: OrderStatus,
    pub phase: PhaseName,
    /// The step that is run or undone; `None` once the saga has ended.
    pub step: Option<String>,
    /// The number of commands that it has sent.
    pub generation: u32,
    /// Why the order needs a human.
    pub attention: Option<String>,
    /// When the open command is sent again unless a reply arrives; `None` once the saga has ended.
    pub deadline_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    pub correlation_id: String,
}

impl SagaView {
    /// `None` once the saga has ended: the lists contain only active sagas.
    pub(crate) fn cursor(&self) -> Option<SagaCursor> {
        Some(SagaCursor { deadline_at: self.deadline_at?, order_id: self.order_id })
    }
}
