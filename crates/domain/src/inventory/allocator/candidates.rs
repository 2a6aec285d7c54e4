//! The warehouses that could serve an order, with their available units of each of its lines.

use crate::ids::WarehouseId;
use crate::inventory::StockSnapshot;
use crate::messages::Shortage;
use crate::product::Line;
use std::collections::BTreeMap;

pub(super) struct Candidates<'a> {
    pub lines: &'a [Line],
    /// Those with a stock row of one of the SKUs, by priority and id. A plan names them by their place here.
    pub warehouses: Vec<Candidate>,
}

pub(super) struct Candidate {
    pub id: WarehouseId,
    pub is_open: bool,
    /// The available units of each line, in the order of the lines; 0 in a closed warehouse.
    pub units: Vec<u32>,
}

impl<'a> Candidates<'a> {
    pub fn of(stock: &StockSnapshot, lines: &'a [Line]) -> Self {
        let mut warehouses: BTreeMap<_, Candidate> = BTreeMap::new();
        for (number, line) in lines.iter().enumerate() {
            for row in stock.of(&line.sku) {
                let candidate =
                    || Candidate { id: row.warehouse_id, is_open: row.is_open, units: vec![0; lines.len()] };
                let candidate = warehouses.entry((row.priority, row.warehouse_id)).or_insert_with(candidate);
                candidate.units[number] = row.available();
            }
        }
        Self { lines, warehouses: warehouses.into_values().collect() }
    }

    pub fn requested(&self, line: usize) -> u32 {
        self.lines[line].quantity.get()
    }

    pub fn has_enough(&self, warehouse: usize, line: usize) -> bool {
        self.warehouses[warehouse].units[line] >= self.requested(line)
    }

    /// The lines that all warehouses together have too few units of.
    pub fn shortages(&self) -> Vec<Shortage> {
        self.shortages_of((0..self.warehouses.len()).collect::<Vec<_>>().as_slice()).collect()
    }

    /// The lines that `warehouses` together have too few units of.
    pub fn shortages_of(&self, warehouses: &[usize]) -> impl Iterator<Item = Shortage> {
        self.lines.iter().enumerate().filter_map(|(number, line)| {
            let (requested, available) = (line.quantity.get(), self.units_of(warehouses, number));
            (requested > available).then(|| Shortage { sku: line.sku.clone(), requested, available })
        })
    }

    /// Whether `warehouses` can serve the whole order together.
    pub fn suffice(&self, warehouses: &[usize]) -> bool {
        (0..self.lines.len()).all(|line| self.units_of(warehouses, line) >= self.requested(line))
    }

    fn units_of(&self, warehouses: &[usize], line: usize) -> u32 {
        warehouses.iter().fold(0, |sum, warehouse| sum.saturating_add(self.warehouses[*warehouse].units[line]))
    }
}

impl Candidate {
    pub fn has_any(&self) -> bool {
        self.units.iter().any(|units| *units > 0)
    }
}
