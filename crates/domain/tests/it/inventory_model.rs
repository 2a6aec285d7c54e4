//! The part of [`Slices`] that models inventory.

use crate::slices::{Payment, Slices, Stock};
use domain::ids::WarehouseId;
use domain::messages::*;
use domain::product::{Line, Sku};
use domain::shipment::ShipmentStatus;
use std::collections::BTreeMap;

impl Slices {
    pub fn reserve(&mut self, command: &ReserveStock) -> Reply {
        let lines: Vec<Line> = command.lines.iter().map(ReserveLine::line).collect();
        if self.stock == Stock::Untouched {
            self.stock = match self.willing[0] {
                false => Stock::Rejected,
                true if self.is_short => Stock::Waiting,
                true => Stock::Reserved,
            };
            let part = if self.stock == Stock::Waiting { &lines[1..] } else { &lines[..] };
            self.activate(if self.willing[0] { part } else { &[] });
            self.ordered = lines;
        }
        self.reply_to_reserve()
    }

    fn reply_to_reserve(&self) -> Reply {
        let (order_id, allocations) = (self.order, self.allocate(&self.ordered));
        match self.stock {
            Stock::Reserved => Reply::StockReserved(StockReserved { order_id, allocations }),
            Stock::Waiting => {
                let Line { sku, quantity: units } = self.ordered[0].clone();
                Reply::StockBackordered(StockBackordered { order_id, missing: vec![MissingUnits { sku, units }] })
            }
            _ => Reply::StockRejected(StockRejected { order_id: self.order, shortages: Vec::new() }),
        }
    }

    /// The missing units come, if any are missing.
    pub fn fill(&mut self) -> Option<Reply> {
        (self.stock == Stock::Waiting).then(|| self.stock = Stock::Reserved)?;
        self.activate(&self.ordered.clone());
        Some(self.reply_to_reserve())
    }

    fn activate(&mut self, lines: &[Line]) {
        let units = |it: Allocation| ((it.warehouse_id, it.sku), it.quantity.get());
        self.active = self.allocate(lines).into_iter().map(units).collect();
    }

    /// Distributes the units over the warehouses, one after another.
    fn allocate(&self, lines: &[Line]) -> Vec<Allocation> {
        let mut units: BTreeMap<(WarehouseId, Sku), u32> = BTreeMap::new();
        let each = lines.iter().flat_map(|line| std::iter::repeat_n(&line.sku, line.quantity.get() as usize));
        for (number, sku) in each.enumerate() {
            *units.entry((self.warehouses[number % self.warehouses.len()], sku.clone())).or_default() += 1;
        }
        let allocation = |((warehouse_id, sku), units): (_, u32)| Allocation {
            warehouse_id,
            sku,
            quantity: units.try_into().expect("a quantity"),
        };
        units.into_iter().map(allocation).collect()
    }

    pub fn release(&mut self) -> Reply {
        assert!(!self.has_handed_over(), "released the stock of a handed-over shipment");
        assert_ne!(self.payment, Payment::Authorized, "released the stock before the payment was voided");
        self.stock = Stock::Released;
        self.active.clear();
        Reply::StockReleased(StockReleased { order_id: self.order })
    }

    pub fn ship(&mut self, command: &ShipStock) -> Reply {
        let (order_id, shipment_id) = (self.order, command.shipment_id);
        if self.stock_refusals > 0 && !self.shipped.contains(&shipment_id) {
            self.stock_refusals -= 1;
            let reason = "it was released".to_owned();
            return Reply::StockNotShipped(StockNotShipped { order_id, shipment_id, reason });
        }
        assert_eq!(self.stock, Stock::Reserved, "shipped stock that is not reserved");
        assert!(self.statuses[&shipment_id] >= ShipmentStatus::HandedOver, "shipped the stock before the hand-over");
        if self.shipped.insert(shipment_id) {
            for line in self.lines[&shipment_id].1.clone() {
                let active = self.active.remove(&(command.warehouse_id, line.sku.clone())).unwrap_or(0);
                assert_eq!(
                    active,
                    line.quantity.get(),
                    "shipped other units of {} than the shipment contains",
                    line.sku
                );
                *self.shipped_units.entry(line.sku).or_default() += active;
            }
        }
        Reply::StockShipped(StockShipped { order_id: self.order, shipment_id })
    }

    pub fn reduce(&mut self, command: &ReduceReservation) -> Reply {
        let ReduceReservation { order_id, shipment_id, warehouse_id, ref lines } = *command;
        for RemainingUnits { sku, units } in lines {
            if let Some(active) = self.active.get_mut(&(warehouse_id, sku.clone())) {
                *active = (*active).min(*units);
            }
        }
        self.active.retain(|_, units| *units > 0);
        Reply::ReservationReduced(ReservationReduced { order_id, shipment_id })
    }
}
