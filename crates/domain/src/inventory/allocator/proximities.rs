//! How near each warehouse is to the destination of an order.

use crate::ids::WarehouseId;
use crate::location::{Location, Proximity};
use std::collections::HashMap;

/// Where warehouses are; those of unknown location are left out.
pub type WarehouseLocations = HashMap<WarehouseId, Location>;

#[derive(Debug, Clone, Copy)]
pub struct Proximities<'a> {
    pub destination: Option<&'a Location>,
    pub warehouses: &'a WarehouseLocations,
}

impl Proximities<'_> {
    /// Without a destination, or a location of the warehouse, it is as far as any other.
    pub(super) fn of(&self, warehouse: WarehouseId) -> Proximity {
        let locations = self.destination.zip(self.warehouses.get(&warehouse));
        locations.map_or(Proximity::Elsewhere, |(destination, location)| destination.proximity(location))
    }
}
