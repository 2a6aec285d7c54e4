//! Minimal models of the three slices: idempotent by business keys, with tombstones, and able to refuse their step.
//! They panic when the saga sends a command that it must never send.

use crate::script::{booked_as, noon, refunded, usd};
use domain::ids::{OrderId, ShipmentId, WarehouseId};
use domain::messages::*;
use domain::product::{Line, Sku};
use domain::saga::Command;
use domain::shipment::{DeliveryException, ShipmentStatus};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub struct Slices {
    pub order: OrderId,
    pub stock: Stock,
    pub payment: Payment,
    pub shipping: Shipping,
    /// Whether each slice accepts its step.
    pub willing: [bool; 3],
    /// Whether units are missing when the order is reserved.
    pub is_short: bool,
    pub warehouses: Vec<WarehouseId>,
    pub shipped: BTreeSet<ShipmentId>,
    pub captured: BTreeMap<ShipmentId, i64>,
    /// How many attempts of each capture the gateway declines.
    pub capture_declines: u32,
    /// The authorization expires before it is captured, unless it is renewed.
    pub expires: bool,
    /// How many reauthorizations the gateway declines.
    pub reauthorization_declines: u32,
    /// How often inventory refuses to ship stock.
    pub stock_refusals: u32,
    /// The amounts that were refunded.
    pub refunds: Vec<i64>,
    pub statuses: BTreeMap<ShipmentId, ShipmentStatus>,
    /// The units that are reserved and not shipped.
    pub active: BTreeMap<(WarehouseId, Sku), u32>,
    pub shipped_units: BTreeMap<Sku, u32>,
    /// The lines of the reserve command.
    pub ordered: Vec<Line>,
    /// The lines of each shipment that was ever booked.
    pub lines: BTreeMap<ShipmentId, (WarehouseId, Vec<Line>)>,
    /// The reply to each amendment.
    amendments: BTreeMap<(ShipmentId, u32), Reply>,
    /// How many replacements the carrier refuses.
    pub amend_refusals: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stock {
    Untouched,
    /// Some units are missing.
    Waiting,
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
            is_short: false,
            warehouses,
            shipped: BTreeSet::new(),
            captured: BTreeMap::new(),
            capture_declines: 0,
            expires: false,
            reauthorization_declines: 0,
            stock_refusals: 0,
            refunds: Vec::new(),
            statuses: BTreeMap::new(),
            active: BTreeMap::new(),
            shipped_units: BTreeMap::new(),
            ordered: Vec::new(),
            lines: BTreeMap::new(),
            amendments: BTreeMap::new(),
            amend_refusals: 0,
        }
    }

    pub fn handle(&mut self, command: &Command) -> Vec<Reply> {
        match command {
            Command::Inventory(InventoryCommand::Reserve(reserve)) => vec![self.reserve(reserve)],
            Command::Inventory(InventoryCommand::Release(_)) => vec![self.release()],
            Command::Inventory(InventoryCommand::Ship(ship)) => vec![self.ship(ship)],
            Command::Inventory(InventoryCommand::Reduce(reduce)) => vec![self.reduce(reduce)],
            Command::Payment(PaymentCommand::Authorize(authorize)) => vec![self.authorize(authorize)],
            Command::Payment(PaymentCommand::Void(_)) => vec![self.void()],
            Command::Payment(PaymentCommand::Capture(capture)) => vec![self.capture(capture)],
            Command::Payment(PaymentCommand::Refund(_) | PaymentCommand::RefundLines(_))
            | Command::Inventory(InventoryCommand::Restock(_)) => panic!("the saga never refunds or restocks"),
            Command::Payment(PaymentCommand::WriteOff(write_off)) => vec![self.write_off(write_off)],
            Command::Payment(PaymentCommand::Reauthorize(reauthorize)) => vec![self.reauthorize(reauthorize)],
            Command::Shipment(ShipmentCommand::Book(book)) => vec![self.book(book)],
            Command::Shipment(ShipmentCommand::Cancel(_)) => vec![self.cancel()],
            Command::Shipment(ShipmentCommand::Amend(amend)) => vec![self.amend(amend)],
            Command::Shipment(ShipmentCommand::Track(_)) => self.reports(),
        }
    }

    /// The carrier reports the next milestone of one shipment.
    pub fn advance_shipment(&mut self, index: usize) -> Option<Reply> {
        let place = index.checked_rem(self.statuses.len())?;
        let (shipment, status) = self.statuses.iter_mut().nth(place)?;
        *status = match status {
            ShipmentStatus::Booked => ShipmentStatus::HandedOver,
            ShipmentStatus::HandedOver => ShipmentStatus::InTransit,
            ShipmentStatus::InTransit => ShipmentStatus::Delivered,
            _ => return None,
        };
        Some(report(self.order, *shipment, *status))
    }

    /// The carrier reports that something went wrong with a shipment on its way, or that it has a cancelled one.
    pub fn go_wrong(&mut self, index: usize, exception: DeliveryException) -> Option<Reply> {
        let place = index.checked_rem(self.lines.len())?;
        let shipment_id = *self.lines.keys().nth(place)?;
        let order_id = self.order;
        let is_cancelled = match self.statuses.get(&shipment_id) {
            None => true,
            Some(status) if *status < ShipmentStatus::HandedOver => return None,
            Some(_) => false,
        };
        let report = ShipmentException { order_id, shipment_id, exception, occurred_at: noon(), is_cancelled };
        Some(Reply::ShipmentException(report))
    }

    /// Whatever has happened so far, money and units are neither made nor lost. `cancelled` are the units that the saga has
    /// taken out of the order.
    pub fn check_conservation(&self, total_minor: i64, cancelled: &BTreeMap<Sku, u32>) {
        let (captured, refunded) = (self.captured.values().sum::<i64>(), self.refunds.iter().sum::<i64>());
        assert!(refunded <= captured && captured <= total_minor, "{refunded} of {captured} of {total_minor}");
        assert!(captured == 0 || self.payment == Payment::Authorized, "captured without an authorization");
        for Line { sku, quantity } in &self.ordered {
            let active: u32 = self.active.iter().filter(|((_, of), _)| of == sku).map(|(_, units)| units).sum();
            let units = active + self.shipped_units.get(sku).copied().unwrap_or(0);
            assert!(units <= quantity.get(), "{units} units of {sku} exist, {quantity:?} were ordered");
            let is_kept = units + cancelled.get(sku).copied().unwrap_or(0) >= quantity.get();
            assert!(self.stock != Stock::Reserved || is_kept, "only {units} units of {sku} are left");
        }
    }

    /// Also those that were cancelled or replaced.
    pub fn every_shipment(&self) -> Vec<ShipmentId> {
        self.lines.keys().copied().collect()
    }

    pub fn has_handed_over(&self) -> bool {
        self.statuses.values().any(|status| *status >= ShipmentStatus::HandedOver)
    }

    fn authorize(&mut self, command: &AuthorizePayment) -> Reply {
        if self.payment == Payment::Untouched {
            self.payment = if self.willing[1] { Payment::Authorized } else { Payment::Declined };
        }
        let (order_id, reason) = (self.order, "card_declined".to_owned());
        match self.payment {
            Payment::Authorized => Reply::PaymentAuthorized(PaymentAuthorized { order_id, amount: command.amount }),
            _ => Reply::PaymentDeclined(PaymentDeclined { order_id, reason }),
        }
    }

    fn void(&mut self) -> Reply {
        assert!(self.captured.is_empty(), "voided a payment of which something is captured");
        self.payment = Payment::Voided;
        Reply::PaymentVoided(PaymentVoided { order_id: self.order, refunded: None })
    }

    fn capture(&mut self, command: &CapturePayment) -> Reply {
        assert_eq!(self.payment, Payment::Authorized, "captured a payment that is not authorized");
        assert!(
            self.statuses[&command.shipment_id] >= ShipmentStatus::HandedOver,
            "captured a shipment before the hand-over"
        );
        let CapturePayment { order_id, shipment_id, amount, attempt } = *command;
        if attempt <= self.capture_declines || self.expires {
            let reason = "expired".to_owned();
            return Reply::PaymentCaptureDeclined(PaymentCaptureDeclined {
                order_id,
                shipment_id,
                amount,
                attempt,
                reason,
            });
        }
        let first = *self.captured.entry(shipment_id).or_insert(amount.amount_minor);
        Reply::PaymentCaptured(PaymentCaptured { order_id, shipment_id, amount: usd(first) })
    }

    fn reauthorize(&mut self, command: &ReauthorizePayment) -> Reply {
        let ReauthorizePayment { order_id, attempt } = *command;
        if self.payment != Payment::Authorized || attempt <= self.reauthorization_declines {
            let reason = "card_declined".to_owned();
            let declined = PaymentReauthorizationDeclined { order_id, attempt, reason };
            return Reply::PaymentReauthorizationDeclined(declined);
        }
        self.expires = false;
        Reply::PaymentReauthorized(PaymentReauthorized { order_id, attempt })
    }

    fn write_off(&mut self, command: &WriteOffPayment) -> Reply {
        let WriteOffPayment { order_id, shipment_id, amount, .. } = *command;
        assert!(!self.captured.contains_key(&shipment_id), "wrote off what is captured");
        Reply::PaymentWrittenOff(PaymentWrittenOff { order_id, shipment_id, amount })
    }

    /// A person refunds a part of what is captured and not refunded.
    pub fn refund(&mut self, size: usize) -> Option<Reply> {
        let left = self.captured.values().sum::<i64>() - self.refunds.iter().sum::<i64>();
        let size = i64::try_from(size % 10_000).expect("a small number");
        (left > 0).then(|| self.refunds.push(1 + size % left))?;
        self.refund_replies().pop()
    }

    pub fn refund_replies(&self) -> Vec<Reply> {
        (1..).zip(&self.refunds).map(|(number, amount)| refunded(number, *amount)).collect()
    }

    fn book(&mut self, command: &BookShipments) -> Reply {
        if self.shipping == Shipping::Untouched {
            self.shipping = if self.willing[2] { Shipping::Booked } else { Shipping::Refused };
            if self.willing[2] {
                self.statuses = command.shipments.iter().map(|it| (it.shipment_id, ShipmentStatus::Booked)).collect();
                let lines = command.shipments.iter().map(|it| (it.shipment_id, (it.warehouse_id, it.lines.clone())));
                self.lines = lines.collect();
            }
        }
        let order_id = self.order;
        match self.shipping {
            Shipping::Booked => {
                let shipments = command.shipments.iter().map(|it| booked_as(it.shipment_id, it.warehouse_id)).collect();
                Reply::ShipmentsBooked(ShipmentsBooked { order_id, shipments })
            }
            _ => Reply::ShipmentsRefused(ShipmentsRefused { order_id, reason: "cancelled".to_owned() }),
        }
    }

    fn cancel(&mut self) -> Reply {
        let order_id = self.order;
        if self.has_handed_over() {
            return Reply::ShipmentsTooLate(ShipmentsTooLate { order_id });
        }
        self.shipping = Shipping::Cancelled;
        self.statuses.clear();
        Reply::ShipmentsCancelled(ShipmentsCancelled { order_id })
    }

    /// Replaces the shipment unless the carrier has it. A repeated command gets the first reply.
    fn amend(&mut self, command: &AmendShipment) -> Reply {
        let key = (command.shipment_id, command.amendment);
        if let Some(reply) = self.amendments.get(&key) {
            return reply.clone();
        }
        let reply = self.first_reply_to_amend(command);
        self.amendments.insert(key, reply.clone());
        reply
    }

    fn first_reply_to_amend(&mut self, command: &AmendShipment) -> Reply {
        let AmendShipment { order_id, shipment_id, amendment, ref replacement } = *command;
        let not_amended = |reason: &str| {
            let reason = reason.to_owned();
            Reply::ShipmentNotAmended(ShipmentNotAmended { order_id, shipment_id, amendment, reason })
        };
        if self.statuses[&shipment_id] != ShipmentStatus::Booked {
            return not_amended("handed_over");
        }
        if self.amend_refusals > 0 && replacement.is_some() {
            self.amend_refusals -= 1;
            return not_amended("too_heavy");
        }
        self.statuses.remove(&shipment_id);
        if self.statuses.is_empty() && replacement.is_none() {
            self.shipping = Shipping::Cancelled;
        }
        let booked = replacement.as_ref().map(|request| {
            self.statuses.insert(request.shipment_id, ShipmentStatus::Booked);
            self.lines.insert(request.shipment_id, (request.warehouse_id, request.lines.clone()));
            booked_as(request.shipment_id, request.warehouse_id)
        });
        Reply::ShipmentAmended(ShipmentAmended { order_id, shipment_id, amendment, replacement: booked })
    }

    fn reports(&self) -> Vec<Reply> {
        let handed_over = self.statuses.iter().filter(|(_, status)| **status >= ShipmentStatus::HandedOver);
        handed_over.map(|(shipment, status)| report(self.order, *shipment, *status)).collect()
    }
}

fn report(order_id: OrderId, shipment_id: ShipmentId, status: ShipmentStatus) -> Reply {
    Reply::ShipmentProgressed(ShipmentProgressed {
        order_id,
        shipment_id,
        status,
        occurred_at: noon(),
        transport: None,
        is_cancelled: false,
    })
}
