//! The three slices, as small as they can be: idempotent on business keys, with tombstones, and with a say in whether
//! they do what they are asked. They panic when the saga asks for what must never be asked.

use crate::script::{booked_shipment, noon, usd};
use domain::ids::{OrderId, ShipmentId, WarehouseId};
use domain::messages::*;
use domain::product::Line;
use domain::saga::Ask;
use domain::shipment::ShipmentStatus;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub struct Slices {
    pub order: OrderId,
    pub stock: Stock,
    pub payment: Payment,
    pub shipping: Shipping,
    /// Whether each would do its step.
    pub willing: [bool; 3],
    pub warehouses: Vec<WarehouseId>,
    pub deducted: BTreeSet<ShipmentId>,
    pub captured: BTreeMap<ShipmentId, i64>,
    pub way: BTreeMap<ShipmentId, ShipmentStatus>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stock {
    Untouched,
    Reserved,
    Rejected,
    Released,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    Untouched,
    Authorized,
    Declined,
    Voided,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shipping {
    Untouched,
    Booked,
    Refused,
    Cancelled,
}

impl Slices {
    pub fn new(order: OrderId, warehouses: Vec<WarehouseId>, willing: [bool; 3]) -> Self {
        Self {
            order,
            stock: Stock::Untouched,
            payment: Payment::Untouched,
            shipping: Shipping::Untouched,
            willing,
            warehouses,
            deducted: BTreeSet::new(),
            captured: BTreeMap::new(),
            way: BTreeMap::new(),
        }
    }

    pub fn answer(&mut self, ask: &Ask) -> Vec<Reply> {
        match ask {
            Ask::Inventory(InventoryCommand::Reserve(reserve)) => vec![self.reserve(&reserve.lines)],
            Ask::Inventory(InventoryCommand::Release(_)) => vec![self.release()],
            Ask::Inventory(InventoryCommand::Ship(ship)) => vec![self.deduct(ship.shipment_id)],
            Ask::Payment(PaymentCommand::Authorize(authorize)) => vec![self.authorize(authorize)],
            Ask::Payment(PaymentCommand::Void(_)) => vec![self.void()],
            Ask::Payment(PaymentCommand::Capture(capture)) => vec![self.capture(capture)],
            Ask::Payment(PaymentCommand::Refund(_)) => panic!("the saga never refunds"),
            Ask::Shipment(ShipmentCommand::Book(book)) => vec![self.book(book)],
            Ask::Shipment(ShipmentCommand::Cancel(_)) => vec![self.call_back()],
            Ask::Shipment(ShipmentCommand::Track(_)) => self.reports(),
        }
    }

    /// The carrier takes the next step with the shipment of one warehouse, and reports it.
    pub fn carry(&mut self, index: usize) -> Option<Reply> {
        let shipment = ShipmentId::of(self.order, self.warehouses[index % self.warehouses.len()]);
        let status = self.way.get_mut(&shipment)?;
        *status = match status {
            ShipmentStatus::Booked => ShipmentStatus::HandedOver,
            ShipmentStatus::HandedOver => ShipmentStatus::InTransit,
            ShipmentStatus::InTransit => ShipmentStatus::Delivered,
            _ => return None,
        };
        Some(report(self.order, shipment, *status))
    }

    pub fn has_left(&self) -> bool {
        self.way.values().any(|status| *status >= ShipmentStatus::HandedOver)
    }

    fn reserve(&mut self, lines: &[Line]) -> Reply {
        if self.stock == Stock::Untouched {
            self.stock = if self.willing[0] { Stock::Reserved } else { Stock::Rejected };
        }
        match self.stock {
            Stock::Reserved => {
                let allocations = self.spread(lines);
                Reply::StockReserved(StockReserved { order_id: self.order, allocations })
            }
            _ => Reply::StockRejected(StockRejected { order_id: self.order, shortages: Vec::new() }),
        }
    }

    /// Piece by piece over the warehouses.
    fn spread(&self, lines: &[Line]) -> Vec<Allocation> {
        let mut pieces: BTreeMap<(WarehouseId, domain::product::Sku), u32> = BTreeMap::new();
        let each = lines.iter().flat_map(|line| std::iter::repeat_n(&line.sku, line.quantity.get() as usize));
        for (number, sku) in each.enumerate() {
            *pieces.entry((self.warehouses[number % self.warehouses.len()], sku.clone())).or_default() += 1;
        }
        let allocation = |((warehouse_id, sku), pieces): (_, u32)| Allocation {
            warehouse_id,
            sku,
            quantity: pieces.try_into().expect("a quantity"),
        };
        pieces.into_iter().map(allocation).collect()
    }

    fn release(&mut self) -> Reply {
        assert!(!self.has_left(), "stock is released that the carrier has");
        assert_ne!(self.payment, Payment::Authorized, "stock is released before the payment is voided");
        self.stock = Stock::Released;
        Reply::StockReleased(StockReleased { order_id: self.order })
    }

    fn deduct(&mut self, shipment_id: ShipmentId) -> Reply {
        assert_eq!(self.stock, Stock::Reserved, "what is not held is deducted");
        assert!(self.way[&shipment_id] >= ShipmentStatus::HandedOver, "what is in the house is deducted");
        self.deducted.insert(shipment_id);
        Reply::StockShipped(StockShipped { order_id: self.order, shipment_id })
    }

    fn authorize(&mut self, ask: &AuthorizePayment) -> Reply {
        if self.payment == Payment::Untouched {
            self.payment = if self.willing[1] { Payment::Authorized } else { Payment::Declined };
        }
        let (order_id, reason) = (self.order, "card_declined".to_owned());
        match self.payment {
            Payment::Authorized => Reply::PaymentAuthorized(PaymentAuthorized { order_id, amount: ask.amount }),
            _ => Reply::PaymentDeclined(PaymentDeclined { order_id, reason }),
        }
    }

    fn void(&mut self) -> Reply {
        assert!(!self.has_left(), "the payment of goods is voided that the carrier has");
        self.payment = Payment::Voided;
        Reply::PaymentVoided(PaymentVoided { order_id: self.order, refunded: None })
    }

    fn capture(&mut self, ask: &CapturePayment) -> Reply {
        assert_eq!(self.payment, Payment::Authorized, "what is not authorized is captured");
        assert!(self.way[&ask.shipment_id] >= ShipmentStatus::HandedOver, "what is in the house is captured");
        let first = *self.captured.entry(ask.shipment_id).or_insert(ask.amount.amount_minor);
        let (order_id, shipment_id) = (self.order, ask.shipment_id);
        Reply::PaymentCaptured(PaymentCaptured { order_id, shipment_id, amount: usd(first) })
    }

    fn book(&mut self, ask: &BookShipments) -> Reply {
        if self.shipping == Shipping::Untouched {
            self.shipping = if self.willing[2] { Shipping::Booked } else { Shipping::Refused };
            if self.willing[2] {
                self.way = ask.parcels.iter().map(|it| (it.shipment_id, ShipmentStatus::Booked)).collect();
            }
        }
        let order_id = self.order;
        match self.shipping {
            Shipping::Booked => {
                let shipments = ask.parcels.iter().map(|it| booked_shipment(it.warehouse_id)).collect();
                Reply::ShipmentsBooked(ShipmentsBooked { order_id, shipments })
            }
            _ => Reply::ShipmentsRefused(ShipmentsRefused { order_id, reason: "cancelled".to_owned() }),
        }
    }

    fn call_back(&mut self) -> Reply {
        let order_id = self.order;
        if self.has_left() {
            return Reply::ShipmentsTooLate(ShipmentsTooLate { order_id });
        }
        self.shipping = Shipping::Cancelled;
        self.way.clear();
        Reply::ShipmentsCancelled(ShipmentsCancelled { order_id })
    }

    fn reports(&self) -> Vec<Reply> {
        let left = self.way.iter().filter(|(_, status)| **status >= ShipmentStatus::HandedOver);
        left.map(|(shipment, status)| report(self.order, *shipment, *status)).collect()
    }
}

fn report(order_id: OrderId, shipment_id: ShipmentId, status: ShipmentStatus) -> Reply {
    Reply::ShipmentProgressed(ShipmentProgressed { order_id, shipment_id, status, occurred_at: noon() })
}
