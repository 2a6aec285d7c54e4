//! The stock rows that a batch has locked, in memory. The batch changes them here, and writes them once at its end.

use super::{Movement, StockLevel, StockRefusal};
use crate::ids::WarehouseId;
use crate::product::Sku;
use std::collections::HashMap;

/// One SKU in one warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockRow {
    pub warehouse_id: WarehouseId,
    /// The warehouse's priority: lower is preferred.
    pub priority: i32,
    /// Orders get no stock of a closed warehouse.
    pub is_open: bool,
    pub level: StockLevel,
    /// Available units that older orders wait for, see [`StockSnapshot::set_aside`].
    pub set_aside: u32,
}

/// The stock rows of each SKU, sorted by priority.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StockSnapshot(HashMap<Sku, Vec<StockRow>>);

impl StockRow {
    /// The units that an order can get.
    pub const fn available(&self) -> u32 {
        if self.is_open { self.level.available().saturating_sub(self.set_aside) } else { 0 }
    }
}

impl StockSnapshot {
    pub fn of(&self, sku: &Sku) -> &[StockRow] {
        self.0.get(sku).map_or(&[], Vec::as_slice)
    }

    /// The available units of `sku` in all open warehouses together.
    pub fn available(&self, sku: &Sku) -> u32 {
        self.of(sku).iter().fold(0, |sum, row| sum.saturating_add(row.available()))
    }

    pub fn level(&self, sku: &Sku, warehouse: WarehouseId) -> Option<StockLevel> {
        self.of(sku).iter().find(|row| row.warehouse_id == warehouse).map(|row| row.level)
    }

    /// Takes up to `units` from what the following orders can get: older orders wait for them. The warehouses that are
    /// preferred least give them first. This decides nothing for the older orders.
    pub fn set_aside(&mut self, sku: &Sku, units: u32) {
        let mut left = units;
        for row in self.0.get_mut(sku).into_iter().flatten().rev() {
            let taken = left.min(row.available());
            row.set_aside += taken;
            left -= taken;
        }
    }

    pub fn apply(&mut self, sku: &Sku, warehouse: WarehouseId, movement: Movement) -> Result<(), StockRefusal> {
        let mut rows = self.0.get_mut(sku).into_iter().flatten();
        let row = rows.find(|row| row.warehouse_id == warehouse).ok_or(StockRefusal::NoStockRow)?;
        if movement.needs_open_warehouse() && !row.is_open {
            return Err(StockRefusal::WarehouseClosed);
        }
        row.level = row.level.apply(movement)?;
        Ok(())
    }
}

impl FromIterator<(Sku, StockRow)> for StockSnapshot {
    fn from_iter<I: IntoIterator<Item = (Sku, StockRow)>>(rows: I) -> Self {
        let mut by_sku: HashMap<Sku, Vec<StockRow>> = HashMap::new();
        for (sku, row) in rows {
            by_sku.entry(sku).or_default().push(row);
        }
        for rows in by_sku.values_mut() {
            rows.sort_by_key(|row| (row.priority, row.warehouse_id));
        }
        Self(by_sku)
    }
}
