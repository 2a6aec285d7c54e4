//! Any sequence of receipts, new orders, releases and fills: no unit is reserved twice, and older orders come first.

use crate::allocation_policy::AllocationPolicy;
use crate::ids::{OrderId, WarehouseId};
use crate::inventory::{
    Movement, Proximities, StockLevel, StockRow, StockSnapshot, WaitingOrder, WarehouseLocations, allocate_or_wait,
    fill,
};
use crate::messages::{Allocation, MissingUnits, ReserveLine};
use crate::product::Sku;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use uuid::Uuid;

const SKUS: u32 = 2;
const WAREHOUSES: u128 = 2;

#[derive(Debug, Clone)]
enum Event {
    /// (SKU, warehouse, units).
    Receive(u32, u128, u32),
    /// Units of each SKU, and whether they may wait.
    Reserve([(u32, bool); SKUS as usize]),
    Release(usize),
    /// Which of the waiting orders another transaction has locked.
    Fill(Option<usize>),
}

/// The orders that are served or wait, in the sequence of their commands.
#[derive(Default)]
struct World {
    levels: BTreeMap<(Sku, WarehouseId), StockLevel>,
    orders: Vec<Served>,
}

struct Served {
    ordered: BTreeMap<Sku, u32>,
    allocations: Vec<Allocation>,
    missing: BTreeMap<Sku, u32>,
}

fn sku(number: u32) -> Sku {
    format!("SKU-{number}").parse().expect("a SKU")
}

fn warehouse(number: u128) -> WarehouseId {
    WarehouseId::from_uuid(Uuid::from_u128(number))
}

impl World {
    fn snapshot(&self) -> StockSnapshot {
        let row = |((sku, warehouse_id), level): (&(Sku, WarehouseId), &StockLevel)| {
            let (warehouse_id, level) = (*warehouse_id, *level);
            (sku.clone(), StockRow { warehouse_id, priority: 1, is_open: true, level, set_aside: 0 })
        };
        self.levels.iter().map(row).collect()
    }

    fn missing(&self, sku: &Sku) -> u32 {
        self.orders.iter().filter_map(|order| order.missing.get(sku)).sum()
    }

    fn available(&self, sku: &Sku) -> u32 {
        self.snapshot().available(sku)
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Receive(number, place, units) => {
                let level = self.levels.entry((sku(*number), warehouse(*place))).or_default();
                *level = level.apply(Movement::Received(*units)).expect("few units");
            }
            Event::Reserve(lines) => self.reserve(lines),
            Event::Release(index) => self.release(*index),
            Event::Fill(locked) => self.fill(*locked),
        }
    }

    fn reserve(&mut self, lines: &[(u32, bool)]) {
        let mut stock = self.snapshot();
        let lines = (0..).map(sku).zip(lines).filter_map(|(sku, (units, may_wait))| {
            stock.set_aside(&sku, self.missing(&sku));
            Some(ReserveLine { sku, quantity: (*units).try_into().ok()?, may_wait: *may_wait })
        });
        let lines: Vec<_> = lines.collect();
        let net: Vec<_> = lines.iter().map(|line| stock.available(&line.sku)).collect();
        let decided = allocate_or_wait(AllocationPolicy::default(), &mut stock, &lines, &nowhere());
        let is_refused = lines.iter().zip(net).any(|(line, net)| !line.may_wait && net < line.quantity.get());
        assert_eq!(decided.decision.outcome.is_err(), is_refused);
        let Ok(allocations) = decided.decision.outcome else { return assert_eq!(decided.missing, []) };
        let ordered = lines.iter().map(|line| (line.sku.clone(), line.quantity.get())).collect();
        self.orders.push(Served { ordered, allocations: Vec::new(), missing: by_sku(&decided.missing) });
        self.add(self.orders.len() - 1, allocations);
    }

    fn release(&mut self, index: usize) {
        let Some(index) = index.checked_rem(self.orders.len()) else { return };
        for part in self.orders.remove(index).allocations {
            let level = self.levels.get_mut(&(part.sku, part.warehouse_id)).expect("it was reserved");
            *level = level.apply(Movement::Released(part.quantity.get())).expect("it was reserved");
        }
    }

    fn fill(&mut self, locked: Option<usize>) {
        let waiting: Vec<_> = (0..self.orders.len()).filter(|place| !self.orders[*place].missing.is_empty()).collect();
        let order = |(number, place): (usize, &usize)| WaitingOrder {
            order_id: OrderId::from_uuid(Uuid::from_u128(*place as u128)),
            policy: AllocationPolicy::default(),
            destination: None,
            missing: missing(&self.orders[*place].missing),
            is_locked: locked == Some(number),
        };
        let orders: Vec<_> = waiting.iter().enumerate().map(order).collect();
        for (order, allocations) in fill(&mut self.snapshot(), &orders, &WarehouseLocations::new()) {
            let place = usize::try_from(order.as_uuid().as_u128()).expect("a place");
            for part in &allocations {
                self.check_is_next(place, part, locked.and_then(|number| waiting.get(number)).copied());
                let missing = self.orders[place].missing.get_mut(&part.sku).expect("it was missing");
                *missing -= part.quantity.get();
            }
            self.orders[place].missing.retain(|_, units| *units > 0);
            self.add(place, allocations);
        }
        if locked.is_none() {
            for number in 0..SKUS {
                let (available, missing) = (self.available(&sku(number)), self.missing(&sku(number)));
                assert!(available == 0 || missing == 0, "{missing} are missing, {available} available");
            }
        }
    }

    /// No older order still waits for units of the SKU, but for the locked one.
    fn check_is_next(&self, place: usize, part: &Allocation, locked: Option<usize>) {
        let waits = |older: &usize| self.orders[*older].missing.contains_key(&part.sku) && locked != Some(*older);
        assert_eq!((0..place).find(waits), None, "an older order waits for {}", part.sku);
    }

    fn add(&mut self, place: usize, allocations: Vec<Allocation>) {
        for part in allocations {
            let level = self.levels.get_mut(&(part.sku.clone(), part.warehouse_id)).expect("a row");
            *level = level.apply(Movement::Reserved(part.quantity.get())).expect("available units only");
            self.orders[place].allocations.push(part);
        }
    }

    /// Every unit of an order is reserved or missing, and the counters are the sums of what is reserved.
    fn check(&self) {
        let mut reserved: BTreeMap<(Sku, WarehouseId), u32> = BTreeMap::new();
        for order in &self.orders {
            let mut units = order.missing.clone();
            for part in &order.allocations {
                *units.entry(part.sku.clone()).or_default() += part.quantity.get();
                *reserved.entry((part.sku.clone(), part.warehouse_id)).or_default() += part.quantity.get();
            }
            assert_eq!(units, order.ordered);
        }
        for (place, level) in &self.levels {
            assert_eq!(level.reserved(), reserved.get(place).copied().unwrap_or_default());
        }
    }
}

fn nowhere() -> Proximities<'static> {
    static NOWHERE: LazyLock<WarehouseLocations> = LazyLock::new(WarehouseLocations::new);
    Proximities { destination: None, warehouses: &NOWHERE }
}

fn by_sku(missing: &[MissingUnits]) -> BTreeMap<Sku, u32> {
    missing.iter().map(|missing| (missing.sku.clone(), missing.units.get())).collect()
}

fn missing(by_sku: &BTreeMap<Sku, u32>) -> Vec<MissingUnits> {
    let missing =
        |(sku, units): (&Sku, &u32)| MissingUnits { sku: sku.clone(), units: (*units).try_into().expect("a quantity") };
    by_sku.iter().map(missing).collect()
}

fn event() -> impl Strategy<Value = Event> {
    let line = || (0_u32..6, prop::bool::weighted(0.8));
    prop_oneof![
        3 => (0..SKUS, 0..WAREHOUSES, 1_u32..6).prop_map(|(sku, place, units)| Event::Receive(sku, place, units)),
        4 => [line(), line()].prop_map(Event::Reserve),
        1 => any::<usize>().prop_map(Event::Release),
        3 => prop::option::weighted(0.3, 0_usize..4).prop_map(Event::Fill),
    ]
}

proptest! {
    #[test]
    fn no_unit_is_reserved_twice_and_the_older_orders_are_served_first(
        events in prop::collection::vec(event(), 1..60),
    ) {
        let mut world = World::default();
        for event in &events {
            world.apply(event);
            world.check();
        }
    }
}
