//! One shipment of an order, as the saga stores it.

use super::amendment::Amendment;
use crate::ids::{OrderId, ShipmentId, UserId, WarehouseId};
use crate::messages::RemainingUnits;
use crate::money::{Currency, Money};
use crate::product::{Line, Sku};
use crate::shipment::{DeliveryException, Milestone, Transport};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The lines of one vendor that leave one warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the stored JSON that older versions read")]
pub(super) struct PlannedShipment {
    pub warehouse: WarehouseId,
    /// Absent in sagas of plan 1: the lines may be of several vendors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<UserId>,
    /// Empty once every unit was cancelled.
    pub lines: Vec<Line>,
    /// What is captured for it, in the minor unit of the order's currency. The shipments of an order add up to its total,
    /// less the value of its cancelled units.
    pub amount: i64,
    #[serde(default, alias = "way", skip_serializing_if = "is_default")]
    progress: CarrierProgress,
    /// Refines [`CarrierProgress::HandedOver`]. Not a variant of that enum, because older versions could not read it.
    #[serde(default, skip_serializing_if = "is_default")]
    in_transit: bool,
    /// As the last report named it, for the timeline.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transport: Option<Transport>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub captured: bool,
    /// A person gave up a declined capture: the shipment is done, but its amount was not captured.
    #[serde(default, skip_serializing_if = "is_default")]
    pub written_off: bool,
    /// Payments have not recorded the write-off yet. Absent in the sagas of earlier versions, which did not send it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub write_off_open: bool,
    /// Why the gateway declined the last capture; cleared when a person has it captured again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub capture_declined: Option<String>,
    /// How often a person had it captured again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub capture_repeats: u32,
    #[serde(default, alias = "deducted", skip_serializing_if = "is_default")]
    pub stock_shipped: bool,
    /// Why inventory did not ship its stock; cleared when a person retries or has shipped it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stock_not_shipped: Option<String>,
    /// The number of the amendment that it results from; 0 for the first booking.
    #[serde(default, skip_serializing_if = "is_default")]
    pub revision: u32,
    /// How many amendments were requested. A refused one leaves a gap in the revisions: its replacement is never booked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub amendments: u32,
    /// The amendment without a reply, if there is one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub amendment: Option<Amendment>,
    /// The reduction of its reservation without a reply: what remains of each SKU that it had.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reducing: Vec<RemainingUnits>,
    /// What went wrong on the way, until it arrives or a person has decided.
    #[serde(default, skip_serializing_if = "is_default")]
    pub exception: Option<DeliveryException>,
    /// A person closed it: it will not arrive.
    #[serde(default, skip_serializing_if = "is_default")]
    pub closed: bool,
    /// The levels of delay that the timeline has recorded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delays: BTreeSet<u16>,
}

/// The carrier's last milestone, as it is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CarrierProgress {
    #[default]
    Waiting,
    HandedOver,
    Delivered,
}

impl PlannedShipment {
    pub fn id(&self, order: OrderId) -> ShipmentId {
        self.first_id(order).revised(order, self.revision)
    }

    /// The id of the shipment that replaces this one if its last amendment succeeds.
    pub fn replacement_id(&self, order: OrderId) -> ShipmentId {
        self.first_id(order).revised(order, self.amendments)
    }

    fn first_id(&self, order: OrderId) -> ShipmentId {
        match self.vendor {
            Some(vendor) => ShipmentId::of_vendor(order, self.warehouse, vendor),
            None => ShipmentId::of(order, self.warehouse),
        }
    }

    pub fn is_revision_of(&self, other: &Self) -> bool {
        (self.warehouse, self.vendor) == (other.warehouse, other.vendor)
    }

    pub fn has_open_amendment(&self) -> bool {
        self.amendment.is_some() || !self.reducing.is_empty()
    }

    pub fn skus(&self) -> Vec<Sku> {
        self.lines.iter().map(|line| line.sku.clone()).collect()
    }

    pub fn money(&self, currency: Currency) -> Money {
        Money { amount_minor: self.amount, currency }
    }

    /// The carrier has it, but its amount is neither captured nor written off, or its stock is not shipped.
    pub fn is_outstanding(&self) -> bool {
        let is_settled = self.is_captured_or_written_off() && !self.write_off_open;
        self.progress != CarrierProgress::Waiting && !(is_settled && self.stock_shipped)
    }

    fn is_captured_or_written_off(&self) -> bool {
        self.captured || self.written_off
    }

    /// Gives up a declined capture, and returns the shipment. `None` if it was not declined.
    pub fn write_off(&mut self) -> Option<Self> {
        self.capture_declined.take()?;
        (self.written_off, self.write_off_open) = (true, true);
        Some(self.clone())
    }

    /// A command is open: neither a declined capture nor a refusal to ship the stock is repeated until a person acts.
    pub fn has_open_command(&self) -> bool {
        let is_shipping = !self.stock_shipped && self.stock_not_shipped.is_none();
        let is_open = self.is_capture_open() || self.write_off_open || is_shipping;
        self.has_open_amendment() || (self.is_outstanding() && is_open)
    }

    pub fn is_capture_open(&self) -> bool {
        !self.is_captured_or_written_off() && self.capture_declined.is_none()
    }

    /// The attempt of its capture, counted from one.
    pub fn capture_attempt(&self) -> u32 {
        self.capture_repeats + 1
    }

    /// Opens a declined capture again, and returns the shipment. `None` if it was not declined.
    pub fn repeat_capture(&mut self) -> Option<Self> {
        self.capture_declined.take()?;
        self.capture_repeats += 1;
        Some(self.clone())
    }

    /// The latest milestone that the carrier reported; `None` before the hand-over.
    pub fn milestone(&self) -> Option<Milestone> {
        match self.progress {
            CarrierProgress::Waiting => None,
            CarrierProgress::HandedOver if self.in_transit => Some(Milestone::InTransit),
            CarrierProgress::HandedOver => Some(Milestone::HandedOver),
            CarrierProgress::Delivered => Some(Milestone::Delivered),
        }
    }

    pub fn reach(&mut self, milestone: Milestone) {
        (self.progress, self.in_transit) = match milestone {
            Milestone::HandedOver => (CarrierProgress::HandedOver, false),
            Milestone::InTransit => (CarrierProgress::HandedOver, true),
            Milestone::Delivered => (CarrierProgress::Delivered, false),
        };
    }

    /// Clears the progress, and returns the milestone that it had reached.
    pub fn reset_progress(&mut self) -> Option<Milestone> {
        let reached = self.milestone();
        (self.progress, self.in_transit) = (CarrierProgress::Waiting, false);
        reached
    }

    pub fn is_delivered_or_closed(&self) -> bool {
        self.closed || self.progress == CarrierProgress::Delivered
    }

    /// It is this shipment or another one of its revisions, but not the replacement that an open amendment requests.
    pub fn has_revision(&self, order: OrderId, id: ShipmentId) -> bool {
        let (first, requested) = (self.first_id(order), self.amendment.is_some().then_some(self.amendments));
        let revisions = (0..=self.amendments).filter(|revision| Some(*revision) != requested);
        revisions.map(|revision| first.revised(order, revision)).any(|revision| revision == id)
    }

    pub fn is_done(&self) -> bool {
        if self.has_open_amendment() || self.is_cancelled() {
            return !self.has_open_amendment();
        }
        self.is_delivered_or_closed() && !self.is_outstanding()
    }
}

impl PlannedShipment {
    pub fn empty(warehouse: WarehouseId, vendor: Option<UserId>) -> Self {
        Self {
            warehouse,
            vendor,
            lines: Vec::new(),
            amount: 0,
            progress: CarrierProgress::Waiting,
            in_transit: false,
            transport: None,
            captured: false,
            written_off: false,
            write_off_open: false,
            capture_declined: None,
            capture_repeats: 0,
            stock_shipped: false,
            stock_not_shipped: None,
            revision: 0,
            amendments: 0,
            amendment: None,
            reducing: Vec::new(),
            exception: None,
            closed: false,
            delays: BTreeSet::new(),
        }
    }
}

/// Omitted from the stored JSON, which is rewritten with every transition.
pub(super) fn is_default<T: Default + PartialEq>(member: &T) -> bool {
    *member == T::default()
}
