//! Saga scripts: on this reply it sends that command and records those entries. Every step of a script also checks that
//!
//! - a repeated reply changes nothing,
//! - each command has its own number,
//! - the timeline has no gaps,
//! - a saga is unchanged after it was stored and read.

pub use crate::replies::*;
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{OrderId, ShipmentId, WarehouseId};
use domain::messages::{Allocation, BookedShipment, Reply};
use domain::money::Money;
use domain::order::{
    CancelReason, Cancellation, FulfilmentStatus, Order, OrderPaymentStatus, OrderStatus, TimelineEvent,
};
use domain::saga::{AllocatedLine, Command, OrderSaga, PlanVersion, SagaError, Transition};
use std::collections::HashSet;
use uuid::Uuid;

pub const RESERVE: &str = "inventory.reserve.v1";
pub const RELEASE: &str = "inventory.release.v1";
pub const SHIP: &str = "inventory.ship.v1";
pub const AUTHORIZE: &str = "payment.authorize.v1";
pub const VOID: &str = "payment.void.v1";
pub const CAPTURE: &str = "payment.capture.v1";
pub const WRITE_OFF: &str = "payment.write_off.v1";
pub const REAUTHORIZE: &str = "payment.reauthorize.v1";
pub const BOOK: &str = "shipment.book.v1";
pub const CANCEL: &str = "shipment.cancel.v1";
pub const TRACK: &str = "shipment.track.v1";
pub const AMEND: &str = "shipment.amend.v1";
pub const REDUCE: &str = "inventory.reduce.v1";

/// Two headphones and a mug; the mug is in the second warehouse.
pub const HEADPHONES_MINOR: i64 = 5_000;
pub const MUG_MINOR: i64 = 1_333;
pub const TOTAL_MINOR: i64 = 2 * HEADPHONES_MINOR + MUG_MINOR;

pub struct Script {
    pub order: Order,
    pub saga: OrderSaga,
    pub timeline: Vec<TimelineEvent>,
    sent: Vec<Command>,
    recorded: usize,
    generations: HashSet<u32>,
}

impl Script {
    pub fn start() -> Self {
        Self::start_with(vec![priced("SKU-HEADPHONES", 2, HEADPHONES_MINOR), priced("SKU-MUG", 1, MUG_MINOR)])
    }

    pub fn start_with(lines: Vec<AllocatedLine>) -> Self {
        let (order, accepted) = Order::accept(order_id(), usd(TOTAL_MINOR), "sim_ok".to_owned());
        let started = OrderSaga::start(PlanVersion::CURRENT, &order, lines);
        let mut script = Self {
            order,
            saga: started.saga.clone(),
            timeline: vec![accepted],
            sent: Vec::new(),
            recorded: 0,
            generations: HashSet::new(),
        };
        script.follow(started);
        script
    }

    pub fn reserved() -> Self {
        Self::start().on_reply(&reserved())
    }

    pub fn authorized() -> Self {
        Self::reserved().on_reply(&authorized())
    }

    /// Confirmed: two shipments are booked and not handed over.
    pub fn confirmed() -> Self {
        Self::authorized().on_reply(&booked())
    }

    /// The reply moves the saga, once.
    pub fn on_reply(mut self, reply: &Reply) -> Self {
        let Applied::Changed(transition) = self.saga.clone().on_reply(&self.order, reply).expect("a fitting reply")
        else {
            panic!("{reply:?} changes nothing in {:?}", self.saga);
        };
        self.follow(transition);
        let sent = std::mem::take(&mut self.sent);
        let mut script = self.ignores(reply);
        script.sent = sent;
        script
    }

    /// Inventory reports a stale reservation. Unlike other replies, a repetition has the same effect again.
    pub fn on_stale_reservation(mut self) -> Self {
        let result = self.saga.clone().on_reply(&self.order, &reservation_stale());
        let Ok(Applied::Changed(transition)) = result else { panic!("{result:?} at {:?}", self.saga) };
        self.follow(transition);
        self
    }

    /// The reply changes nothing.
    pub fn ignores(self, reply: &Reply) -> Self {
        let result = self.saga.clone().on_reply(&self.order, reply);
        assert_eq!(result, Ok(Applied::Unchanged), "{reply:?} at {:?}", self.saga);
        self
    }

    /// The reply is recorded, but nobody has to act on it.
    pub fn ignores_effect_of(self, reply: &Reply) -> Self {
        let (status, attention) = (self.order.status, self.order.attention.clone());
        let result = self.saga.clone().on_reply(&self.order, reply).expect("a fitting reply");
        let mut script = self;
        if let Applied::Changed(transition) = result {
            script.follow(transition);
        }
        assert_eq!((script.order.status, &script.order.attention), (status, &attention));
        script
    }

    pub fn refuses(self, reply: &Reply) -> Self {
        let result = self.saga.clone().on_reply(&self.order, reply);
        assert!(matches!(result, Err(SagaError::Contradiction(_))), "{result:?}");
        self
    }

    pub fn on_deadline(mut self) -> Self {
        let Applied::Changed(transition) = self.saga.clone().on_deadline(&self.order, true) else {
            panic!("the deadline changes nothing in {:?}", self.saga);
        };
        self.follow(transition);
        self
    }

    /// The deadline expires, and no consumer has received the command.
    pub fn on_deadline_unreceived(mut self) -> Self {
        let Applied::Changed(transition) = self.saga.clone().on_deadline(&self.order, false) else {
            panic!("the deadline changes nothing in {:?}", self.saga);
        };
        for command in &transition.commands {
            assert!(self.generations.remove(&command.generation), "{command:?} has a new number");
        }
        self.follow(transition);
        self
    }

    pub fn on_deadline_times(self, times: u32) -> Self {
        (0..times).fold(self, |script, _| script.on_deadline())
    }

    pub fn cancelled_by_customer(mut self) -> Self {
        let cancelled = self.saga.clone().on_cancel(&self.order, at_request()).expect("not too late");
        let Applied::Changed(transition) = cancelled else {
            panic!("cancelled before: {:?}", self.order);
        };
        self.follow(transition);
        self
    }

    pub fn applies(mut self, action: Result<Transition, SagaError>) -> Self {
        self.follow(action.expect("a legal action"));
        self
    }

    pub fn sends<const N: usize>(self, expected: [&str; N]) -> Self {
        let sent: Vec<_> = self.sent.iter().map(Command::type_name).collect();
        assert_eq!(sent, expected);
        self
    }

    /// The entries that the timeline got since the last `records`.
    pub fn records<const N: usize>(mut self, expected: [&str; N]) -> Self {
        let recorded: Vec<_> = self.timeline[self.recorded + 1..].iter().map(|event| event.entry.kind()).collect();
        assert_eq!(recorded, expected);
        self.recorded = self.timeline.len() - 1;
        self
    }

    pub fn is(self, status: OrderStatus) -> Self {
        assert_eq!(self.order.status, status);
        self
    }

    pub fn ends(self, status: OrderStatus, reason: Option<&str>) -> Self {
        assert!(!self.saga.is_active(), "{:?}", self.saga);
        assert_eq!(self.order.reason.as_deref(), reason);
        assert_eq!(self.saga.clone().on_deadline(&self.order, true), Applied::Unchanged);
        self.is(status)
    }

    pub fn has_status(self, payment: OrderPaymentStatus, fulfilment: FulfilmentStatus) -> Self {
        assert_eq!((self.order.payment, self.order.fulfilment), (payment, fulfilment));
        self
    }

    pub fn in_phase(self, phase: &str, step: Option<&str>) -> Self {
        assert_eq!((self.saga.phase_name().into(), self.saga.step_name()), (phase, step));
        self
    }

    pub fn sent(&self) -> &[Command] {
        &self.sent
    }

    fn follow(&mut self, transition: Transition) {
        for command in &transition.commands {
            assert!(self.generations.insert(command.generation), "{command:?} has the number of another");
        }
        for entry in transition.entries {
            let (order, event) = self.order.clone().record(entry).expect("a legal entry");
            let last = self.timeline.last().expect("the first entry");
            assert_eq!((event.version, event.from), (last.version + 1, Some(last.to)));
            assert_eq!((order.version, order.status), (event.version, event.to));
            self.order = order;
            self.timeline.push(event);
        }
        assert_eq!(OrderSaga::from_json(&transition.saga.to_json()).as_ref(), Ok(&transition.saga));
        self.sent = transition.commands.into_iter().map(|numbered| numbered.command).collect();
        self.saga = transition.saga;
    }
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
    Money::new(amount_minor, "USD".parse().expect("a valid fixture")).expect("a valid fixture")
}

pub fn noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("a valid fixture")
}

/// A line without a vendor, as in sagas of plan 1.
pub fn priced(sku: &str, quantity: u32, unit_price_minor: i64) -> AllocatedLine {
    AllocatedLine {
        sku: sku.parse().expect("a valid fixture"),
        quantity: quantity.try_into().expect("a valid fixture"),
        unit_price_minor,
        vendor: None,
        adjustment_minor: 0,
        may_wait: false,
    }
}

pub fn allocation(warehouse_id: WarehouseId, sku: &str, quantity: u32) -> Allocation {
    Allocation {
        warehouse_id,
        sku: sku.parse().expect("a valid fixture"),
        quantity: quantity.try_into().expect("a valid fixture"),
    }
}

pub fn booked_as(shipment_id: ShipmentId, warehouse_id: WarehouseId) -> BookedShipment {
    BookedShipment {
        shipment_id,
        warehouse_id,
        carrier: "simulated".to_owned(),
        tracking_number: format!("SIM-{shipment_id}"),
        promised_by: noon(),
    }
}

/// The cancellation of a customer who gives no reason.
pub fn at_request() -> Cancellation {
    Cancellation { reason: CancelReason::CustomerRequest, note: None }
}
