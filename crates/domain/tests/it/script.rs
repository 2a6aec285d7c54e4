//! Saga scripts: "hears this, asks that, tells those". Whatever a script plays, this checks on the way that
//!
//! - an answer that is given a second time changes nothing,
//! - each question has a number of its own,
//! - the timeline has no gaps,
//! - a saga that was stored and read again is the same.

use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId, WarehouseId};
use domain::messages::{
    Allocation, BookedShipment, PaymentAuthorized, PaymentCaptured, PaymentDeclined, PaymentVoided, Reply,
    ShipmentDelayed, ShipmentProgressed, ShipmentsBooked, ShipmentsCancelled, ShipmentsRefused, ShipmentsTooLate,
    Shortage, StockHeldLong, StockRejected, StockReleased, StockReserved, StockShipped,
};
use domain::money::Money;
use domain::order::{Applied, CancelReason, Cancellation, Event, FulfilmentStatus, Order, OrderStatus, PaymentStatus};
use domain::saga::{Advance, Ask, OrderSaga, PlanVersion, PricedLine, SagaError};
use domain::shipment::ShipmentStatus;
use std::collections::HashSet;
use uuid::Uuid;

pub const RESERVE: &str = "inventory.reserve.v1";
pub const RELEASE: &str = "inventory.release.v1";
pub const SHIP: &str = "inventory.ship.v1";
pub const AUTHORIZE: &str = "payment.authorize.v1";
pub const VOID: &str = "payment.void.v1";
pub const CAPTURE: &str = "payment.capture.v1";
pub const BOOK: &str = "shipment.book.v1";
pub const CANCEL: &str = "shipment.cancel.v1";
pub const TRACK: &str = "shipment.track.v1";

/// Two headphones and a mug; the mug lies in the second warehouse.
pub const HEADPHONES_MINOR: i64 = 5_000;
pub const MUG_MINOR: i64 = 1_333;
pub const TOTAL_MINOR: i64 = 2 * HEADPHONES_MINOR + MUG_MINOR;

pub struct Script {
    pub order: Order,
    pub saga: OrderSaga,
    pub timeline: Vec<Event>,
    asked: Vec<Ask>,
    told: usize,
    generations: HashSet<u32>,
}

impl Script {
    pub fn start() -> Self {
        let (order, accepted) = Order::accept(order_id(), usd(TOTAL_MINOR), "sim_ok".to_owned());
        let lines = vec![priced("SKU-HEADPHONES", 2, HEADPHONES_MINOR), priced("SKU-MUG", 1, MUG_MINOR)];
        let started = OrderSaga::start(PlanVersion::CURRENT, &order, lines);
        let mut script = Self {
            order,
            saga: started.saga.clone(),
            timeline: vec![accepted],
            asked: Vec::new(),
            told: 0,
            generations: HashSet::new(),
        };
        script.follow(started);
        script
    }

    pub fn reserved() -> Self {
        Self::start().hears(&reserved())
    }

    pub fn authorized() -> Self {
        Self::reserved().hears(&authorized())
    }

    /// Confirmed: two shipments wait for their carriers.
    pub fn confirmed() -> Self {
        Self::authorized().hears(&booked())
    }

    /// The answer moves the order, once.
    pub fn hears(mut self, reply: &Reply) -> Self {
        let Applied::Now(advance) = self.saga.clone().on_reply(&self.order, reply).expect("a good answer") else {
            panic!("{reply:?} is of no concern to {:?}", self.saga);
        };
        self.follow(advance);
        let asked = std::mem::take(&mut self.asked);
        let mut script = self.ignores(reply);
        script.asked = asked;
        script
    }

    /// Inventory asks whether stock that it holds for long is still wanted; it asks again while it holds it.
    pub fn hears_held_long(mut self) -> Self {
        let heard = self.saga.clone().on_reply(&self.order, &held_long());
        let Ok(Applied::Now(advance)) = heard else { panic!("{heard:?} at {:?}", self.saga) };
        self.follow(advance);
        self
    }

    /// The answer changes nothing.
    pub fn ignores(self, reply: &Reply) -> Self {
        let heard = self.saga.clone().on_reply(&self.order, reply);
        assert_eq!(heard, Ok(Applied::Already), "{reply:?} at {:?}", self.saga);
        self
    }

    pub fn refuses(self, reply: &Reply) -> Self {
        let heard = self.saga.clone().on_reply(&self.order, reply);
        assert!(matches!(heard, Err(SagaError::Contradiction(_))), "{heard:?}");
        self
    }

    pub fn hears_nothing(mut self) -> Self {
        let Applied::Now(advance) = self.saga.clone().on_deadline(&self.order, true) else {
            panic!("silence is of no concern to {:?}", self.saga);
        };
        self.follow(advance);
        self
    }

    /// Its deadline passes, and nobody has received its command.
    pub fn goes_unreceived(mut self) -> Self {
        let Applied::Now(advance) = self.saga.clone().on_deadline(&self.order, false) else {
            panic!("silence is of no concern to {:?}", self.saga);
        };
        for command in &advance.commands {
            assert!(self.generations.remove(&command.generation), "{command:?} has a number of its own");
        }
        self.follow(advance);
        self
    }

    pub fn hears_nothing_times(self, times: u32) -> Self {
        (0..times).fold(self, |script, _| script.hears_nothing())
    }

    pub fn cancelled_by_customer(mut self) -> Self {
        let cancelled = self.saga.clone().on_cancel(&self.order, at_request()).expect("not too late");
        let Applied::Now(advance) = cancelled else {
            panic!("it was cancelled before: {:?}", self.order);
        };
        self.follow(advance);
        self
    }

    pub fn takes(mut self, verb: Result<Advance, SagaError>) -> Self {
        self.follow(verb.expect("a legal verb"));
        self
    }

    pub fn asks<const N: usize>(self, expected: [&str; N]) -> Self {
        let asked: Vec<_> = self.asked.iter().map(Ask::type_name).collect();
        assert_eq!(asked, expected);
        self
    }

    /// What the timeline got since the last `tells`.
    pub fn tells<const N: usize>(mut self, expected: [&str; N]) -> Self {
        let told: Vec<_> = self.timeline[self.told + 1..].iter().map(|event| event.entry.kind()).collect();
        assert_eq!(told, expected);
        self.told = self.timeline.len() - 1;
        self
    }

    pub fn is(self, status: OrderStatus) -> Self {
        assert_eq!(self.order.status, status);
        self
    }

    pub fn ends(self, status: OrderStatus, reason: Option<&str>) -> Self {
        assert!(!self.saga.is_active(), "{:?}", self.saga);
        assert_eq!(self.order.reason.as_deref(), reason);
        assert_eq!(self.saga.clone().on_deadline(&self.order, true), Applied::Already);
        self.is(status)
    }

    pub fn stands(self, payment: PaymentStatus, fulfilment: FulfilmentStatus) -> Self {
        assert_eq!((self.order.payment, self.order.fulfilment), (payment, fulfilment));
        self
    }

    pub fn in_phase(self, phase: &str, step: Option<&str>) -> Self {
        assert_eq!((self.saga.phase_name(), self.saga.step_name()), (phase, step));
        self
    }

    pub fn asked(&self) -> &[Ask] {
        &self.asked
    }

    fn follow(&mut self, advance: Advance) {
        for command in &advance.commands {
            assert!(self.generations.insert(command.generation), "{command:?} has the number of another");
        }
        for entry in advance.entries {
            let (order, event) = self.order.clone().record(entry).expect("a legal entry");
            let last = self.timeline.last().expect("the first entry");
            assert_eq!((event.version, event.from), (last.version + 1, Some(last.to)));
            assert_eq!((order.version, order.status), (event.version, event.to));
            self.order = order;
            self.timeline.push(event);
        }
        assert_eq!(OrderSaga::from_json(&advance.saga.to_json()).as_ref(), Ok(&advance.saga));
        self.asked = advance.commands.into_iter().map(|command| command.ask).collect();
        self.saga = advance.saga;
    }
}

pub fn reserved() -> Reply {
    let allocations = vec![allocation(first(), "SKU-HEADPHONES", 2), allocation(second(), "SKU-MUG", 1)];
    Reply::StockReserved(StockReserved { order_id: order_id(), allocations })
}

pub fn out_of_stock() -> Reply {
    let shortage = Shortage { sku: "SKU-MUG".parse().expect("a good sample"), requested: 1, available: 0 };
    Reply::StockRejected(StockRejected { order_id: order_id(), shortages: vec![shortage] })
}

pub fn released() -> Reply {
    Reply::StockReleased(StockReleased { order_id: order_id() })
}

pub fn deducted(warehouse: WarehouseId) -> Reply {
    Reply::StockShipped(StockShipped { order_id: order_id(), shipment_id: shipment(warehouse) })
}

pub fn authorized() -> Reply {
    Reply::PaymentAuthorized(PaymentAuthorized { order_id: order_id(), amount: usd(TOTAL_MINOR) })
}

pub fn declined() -> Reply {
    Reply::PaymentDeclined(PaymentDeclined { order_id: order_id(), reason: "card_declined".to_owned() })
}

pub fn voided() -> Reply {
    Reply::PaymentVoided(PaymentVoided { order_id: order_id(), refunded: None })
}

pub fn captured(warehouse: WarehouseId, amount_minor: i64) -> Reply {
    let (shipment_id, amount) = (shipment(warehouse), usd(amount_minor));
    Reply::PaymentCaptured(PaymentCaptured { order_id: order_id(), shipment_id, amount })
}

pub fn booked() -> Reply {
    let shipments = [first(), second()].map(booked_shipment).into();
    Reply::ShipmentsBooked(ShipmentsBooked { order_id: order_id(), shipments })
}

pub fn shipping_refused() -> Reply {
    Reply::ShipmentsRefused(ShipmentsRefused { order_id: order_id(), reason: "address_not_served".to_owned() })
}

pub fn called_back() -> Reply {
    Reply::ShipmentsCancelled(ShipmentsCancelled { order_id: order_id() })
}

pub fn too_late() -> Reply {
    Reply::ShipmentsTooLate(ShipmentsTooLate { order_id: order_id() })
}

pub fn progressed(warehouse: WarehouseId, status: ShipmentStatus) -> Reply {
    let report =
        ShipmentProgressed { order_id: order_id(), shipment_id: shipment(warehouse), status, occurred_at: noon() };
    Reply::ShipmentProgressed(report)
}

pub fn delayed(warehouse: WarehouseId, level: u16) -> Reply {
    let (order_id, shipment_id) = (order_id(), shipment(warehouse));
    Reply::ShipmentDelayed(ShipmentDelayed { order_id, shipment_id, level, promised_by: noon() })
}

pub fn held_long() -> Reply {
    Reply::StockHeldLong(StockHeldLong { order_id: order_id(), held_since: noon() })
}

pub fn order_id() -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001))
}

pub fn first() -> WarehouseId {
    WarehouseId::from_uuid(Uuid::from_u128(11))
}

pub fn second() -> WarehouseId {
    WarehouseId::from_uuid(Uuid::from_u128(12))
}

pub fn shipment(warehouse: WarehouseId) -> ShipmentId {
    ShipmentId::of(order_id(), warehouse)
}

pub fn usd(amount_minor: i64) -> Money {
    Money::new(amount_minor, "USD".parse().expect("a good sample")).expect("a good sample")
}

pub fn noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("a good sample")
}

pub fn priced(sku: &str, quantity: u32, unit_price_minor: i64) -> PricedLine {
    PricedLine {
        sku: sku.parse().expect("a good sample"),
        quantity: quantity.try_into().expect("a good sample"),
        unit_price_minor,
    }
}

pub fn allocation(warehouse_id: WarehouseId, sku: &str, quantity: u32) -> Allocation {
    Allocation {
        warehouse_id,
        sku: sku.parse().expect("a good sample"),
        quantity: quantity.try_into().expect("a good sample"),
    }
}

pub fn booked_shipment(warehouse_id: WarehouseId) -> BookedShipment {
    BookedShipment {
        shipment_id: shipment(warehouse_id),
        warehouse_id,
        carrier: "simulated".to_owned(),
        tracking_number: format!("SIM-{warehouse_id}"),
        promised_by: noon(),
    }
}

/// What a customer who says nothing more asks for.
pub fn at_request() -> Cancellation {
    Cancellation { reason: CancelReason::CustomerRequest, note: None }
}
