//! The stock rows that a batch has locked, in memory: what is decided on them is written once.

use super::{Movement, StockLevel, StockRefusal};
use crate::ids::WarehouseId;
use crate::product::Sku;
use std::collections::HashMap;

/// One SKU in one warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shelf {
    pub warehouse_id: WarehouseId,
    /// The warehouse's own: lower goes first.
    pub priority: i32,
    pub level: StockLevel,
}

/// The shelves of each SKU, sorted by priority.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shelves(HashMap<Sku, Vec<Shelf>>);

impl Shelves {
    pub fn of(&self, sku: &Sku) -> &[Shelf] {
        self.0.get(sku).map_or(&[], Vec::as_slice)
    }

    /// How many pieces of `sku` all warehouses together could promise.
    pub fn available(&self, sku: &Sku) -> u32 {
        self.of(sku).iter().fold(0, |sum, shelf| sum.saturating_add(shelf.level.available()))
    }

    pub fn level(&self, sku: &Sku, warehouse: WarehouseId) -> Option<StockLevel> {
        self.of(sku).iter().find(|shelf| shelf.warehouse_id == warehouse).map(|shelf| shelf.level)
    }

    pub fn apply(&mut self, sku: &Sku, warehouse: WarehouseId, movement: Movement) -> Result<(), StockRefusal> {
        let mut places = self.0.get_mut(sku).into_iter().flatten();
        let place = places.find(|shelf| shelf.warehouse_id == warehouse).ok_or(StockRefusal::NoShelf)?;
        place.level = place.level.apply(movement)?;
        Ok(())
    }
}

impl FromIterator<(Sku, Shelf)> for Shelves {
    fn from_iter<I: IntoIterator<Item = (Sku, Shelf)>>(rows: I) -> Self {
        let mut shelves: HashMap<Sku, Vec<Shelf>> = HashMap::new();
        for (sku, shelf) in rows {
            shelves.entry(sku).or_default().push(shelf);
        }
        for of_sku in shelves.values_mut() {
            of_sku.sort_by_key(|shelf| (shelf.priority, shelf.warehouse_id));
        }
        Self(shelves)
    }
}
