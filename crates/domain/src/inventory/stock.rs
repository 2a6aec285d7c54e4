//! The two counters of one SKU in one warehouse, and how movements change them.

use super::movement::Movement;

/// The upper limit of a counter: the sums of a whole batch can't overflow.
pub const UNITS_MAX: u32 = 1_000_000_000;

/// `reserved <= on_hand <= UNITS_MAX`, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StockLevel {
    on_hand: u32,
    reserved: u32,
}

/// Why a movement is refused; the counters stay unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StockRefusal {
    #[error(
        "a quantity must be at least 1 for received and returned units, at least 0 for a count, and not 0 otherwise"
    )]
    BadQuantity,
    #[error("{requested} units are requested, {available} are available")]
    NotEnoughAvailable { requested: u32, available: u32 },
    #[error("{requested} units are to be released or shipped, {reserved} are reserved")]
    NotReserved { requested: u32, reserved: u32 },
    #[error(
        "removing {removed} units would leave {}; {on_hand} are on hand, {reserved} reserved",
        i64::from(*.on_hand) - .removed
    )]
    BelowReserved { removed: i64, on_hand: u32, reserved: u32 },
    #[error("{counted} units were counted, but {reserved} are reserved; cancel orders first, or check the count")]
    CountedBelowReserved { counted: u32, reserved: u32 },
    #[error("{on_hand} units would be on hand, more than {UNITS_MAX}")]
    TooMany { on_hand: i64 },
    #[error("this SKU has no stock in this warehouse")]
    NoStockRow,
    #[error("this warehouse is closed; reopen it, or choose another")]
    WarehouseClosed,
}

impl StockLevel {
    /// `None` when the counters break the invariant.
    pub fn new(on_hand: u32, reserved: u32) -> Option<Self> {
        (reserved <= on_hand && on_hand <= UNITS_MAX).then_some(Self { on_hand, reserved })
    }

    pub const fn on_hand(self) -> u32 {
        self.on_hand
    }

    pub const fn reserved(self) -> u32 {
        self.reserved
    }

    pub const fn available(self) -> u32 {
        self.on_hand - self.reserved
    }

    /// The counters after `movement`.
    pub fn apply(self, movement: Movement) -> Result<Self, StockRefusal> {
        match movement {
            Movement::Received(units) | Movement::Returned(units) | Movement::TransferredIn(units) => {
                self.change_by(i64::from(at_least_one(units)?))
            }
            Movement::Adjusted(0) => Err(StockRefusal::BadQuantity),
            Movement::Adjusted(difference) | Movement::Counted(difference) => self.change_by(i64::from(difference)),
            Movement::Reserved(units) => self.reserve(at_least_one(units)?),
            Movement::Released(units) => self.release(at_least_one(units)?),
            Movement::Shipped(units) => self.ship(at_least_one(units)?),
            Movement::TransferredOut(units) => self.transfer_out(at_least_one(units)?),
        }
    }

    /// The movement that sets `on_hand` to the counted quantity.
    pub fn count(self, counted: i32) -> Result<Movement, StockRefusal> {
        let units = u32::try_from(counted).map_err(|_negative| StockRefusal::BadQuantity)?;
        if units > UNITS_MAX {
            return Err(StockRefusal::TooMany { on_hand: i64::from(units) });
        }
        if units < self.reserved {
            return Err(StockRefusal::CountedBelowReserved { counted: units, reserved: self.reserved });
        }
        // Both are at most `UNITS_MAX`, so the difference is in range.
        let on_hand = i32::try_from(self.on_hand).expect("a counter is at most UNITS_MAX");
        Ok(Movement::Counted(counted - on_hand))
    }

    /// Changes `on_hand` by `difference`, but not below `reserved`.
    fn change_by(self, difference: i64) -> Result<Self, StockRefusal> {
        let on_hand = i64::from(self.on_hand) + difference;
        if on_hand < i64::from(self.reserved) {
            return Err(StockRefusal::BelowReserved {
                removed: -difference,
                on_hand: self.on_hand,
                reserved: self.reserved,
            });
        }
        match u32::try_from(on_hand) {
            Ok(on_hand @ ..=UNITS_MAX) => Ok(Self { on_hand, ..self }),
            _ => Err(StockRefusal::TooMany { on_hand }),
        }
    }

    fn reserve(self, requested: u32) -> Result<Self, StockRefusal> {
        self.ensure_available(requested)?;
        Ok(Self { reserved: self.reserved + requested, ..self })
    }

    fn transfer_out(self, requested: u32) -> Result<Self, StockRefusal> {
        self.ensure_available(requested)?;
        Ok(Self { on_hand: self.on_hand - requested, ..self })
    }

    fn ensure_available(self, requested: u32) -> Result<(), StockRefusal> {
        let available = self.available();
        if requested > available { Err(StockRefusal::NotEnoughAvailable { requested, available }) } else { Ok(()) }
    }

    fn release(self, requested: u32) -> Result<Self, StockRefusal> {
        let reserved = self.reserved.checked_sub(requested);
        let reserved = reserved.ok_or(StockRefusal::NotReserved { requested, reserved: self.reserved })?;
        Ok(Self { reserved, ..self })
    }

    fn ship(self, requested: u32) -> Result<Self, StockRefusal> {
        let released = self.release(requested)?;
        Ok(Self { on_hand: self.on_hand - requested, ..released })
    }
}

fn at_least_one(units: u32) -> Result<u32, StockRefusal> {
    if units == 0 { Err(StockRefusal::BadQuantity) } else { Ok(units) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn level(on_hand: u32, reserved: u32) -> StockLevel {
        StockLevel::new(on_hand, reserved).expect("legal counters")
    }

    #[test]
    fn every_movement_changes_its_counters() {
        let before = level(10, 4);

        assert_eq!(before.apply(Movement::Received(5)), Ok(level(15, 4)));
        assert_eq!(before.apply(Movement::Returned(1)), Ok(level(11, 4)));
        assert_eq!(before.apply(Movement::Adjusted(-6)), Ok(level(4, 4)));
        assert_eq!(before.apply(Movement::Reserved(6)), Ok(level(10, 10)));
        assert_eq!(before.apply(Movement::Released(4)), Ok(level(10, 0)));
        assert_eq!(before.apply(Movement::Shipped(4)), Ok(level(6, 0)));
        assert_eq!(before.apply(Movement::TransferredOut(6)), Ok(level(4, 4)));
        assert_eq!(before.apply(Movement::TransferredIn(6)), Ok(level(16, 4)));
    }

    #[test]
    fn a_count_sets_the_units_on_hand_but_not_below_those_reserved() {
        let before = level(10, 4);

        for (counted, difference) in [(4, -6), (10, 0), (12, 2)] {
            let movement = before.count(counted).expect("not below reserved");
            assert_eq!(movement, Movement::Counted(difference));
            assert_eq!(before.apply(movement), Ok(level(u32::try_from(counted).expect("units"), 4)));
        }
        let below = StockRefusal::CountedBelowReserved { counted: 3, reserved: 4 };
        assert_eq!(before.count(3), Err(below));
        assert_eq!(before.count(-1), Err(StockRefusal::BadQuantity));
        assert_eq!(before.count(i32::MAX), Err(StockRefusal::TooMany { on_hand: i64::from(i32::MAX) }));
    }

    #[test]
    fn every_refusal_has_its_own_error() {
        let before = level(10, 4);

        let short = StockRefusal::NotEnoughAvailable { requested: 7, available: 6 };
        assert_eq!(before.apply(Movement::Reserved(7)), Err(short));
        assert_eq!(before.apply(Movement::TransferredOut(7)), Err(short));
        let not_reserved = StockRefusal::NotReserved { requested: 5, reserved: 4 };
        assert_eq!(before.apply(Movement::Released(5)), Err(not_reserved));
        assert_eq!(before.apply(Movement::Shipped(5)), Err(not_reserved));
        let below_reserved = StockRefusal::BelowReserved { removed: 7, on_hand: 10, reserved: 4 };
        assert_eq!(before.apply(Movement::Adjusted(-7)), Err(below_reserved));
        assert_eq!(before.apply(Movement::Adjusted(0)), Err(StockRefusal::BadQuantity));
        assert_eq!(before.apply(Movement::Received(0)), Err(StockRefusal::BadQuantity));
        let too_many = before.apply(Movement::Received(u32::MAX));
        assert_eq!(too_many, Err(StockRefusal::TooMany { on_hand: 10 + i64::from(u32::MAX) }));
        assert_eq!(StockLevel::new(3, 4), None);
    }

    fn any_movement() -> impl Strategy<Value = Movement> {
        let units = prop_oneof![8 => 0_u32..30, 1 => Just(u32::MAX), 1 => Just(UNITS_MAX)];
        let difference = prop_oneof![8 => -30_i32..30, 1 => Just(i32::MIN), 1 => Just(i32::MAX)];
        prop_oneof![
            units.clone().prop_map(Movement::Received),
            difference.clone().prop_map(Movement::Adjusted),
            difference.prop_map(Movement::Counted),
            units.clone().prop_map(Movement::TransferredOut),
            units.clone().prop_map(Movement::TransferredIn),
            units.clone().prop_map(Movement::Reserved),
            units.clone().prop_map(Movement::Released),
            units.clone().prop_map(Movement::Shipped),
            units.prop_map(Movement::Returned),
        ]
    }

    proptest! {
        #[test]
        fn after_any_movements_the_counters_are_legal_and_equal_the_ledgers_sums(
            movements in prop::collection::vec(any_movement(), 0..60),
        ) {
            let mut stock = StockLevel::default();
            let mut ledger = (0_i64, 0_i64);

            for movement in movements {
                let Ok(next) = stock.apply(movement) else { continue };
                ledger = (ledger.0 + movement.on_hand_delta(), ledger.1 + movement.reserved_delta());
                stock = next;

                prop_assert_eq!((i64::from(stock.on_hand()), i64::from(stock.reserved())), ledger);
                prop_assert!(stock.reserved() <= stock.on_hand() && stock.on_hand() <= UNITS_MAX);
                prop_assert_eq!(stock.available(), stock.on_hand() - stock.reserved());
            }
        }
    }
}
