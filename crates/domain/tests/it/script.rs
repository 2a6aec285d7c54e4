//! Saga scripts: on this reply it sends that command and records those entries. Every step of a script also checks that
//!
//! - a repeated reply changes nothing,
//! - each command has its own number,
//! - the timeline has no gaps,
//! - a saga is unchanged after it was stored and read.

use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{OrderId, RefundId, ShipmentId, WarehouseId};
use domain::messages::{
    Allocation, BookedShipment, PaymentAuthorized, PaymentCaptureDeclined, PaymentCaptured, PaymentDeclined,
    PaymentRefundRefused, PaymentRefundUnresolved, PaymentRefunded, PaymentVoided, PaymentWrittenOff, Reply,
    ReservationStale, ShipmentDelayed, ShipmentProgressed, ShipmentsBooked, ShipmentsCancelled, ShipmentsRefused,
    ShipmentsTooLate, Shortage, StockRejected, StockReleased, StockReserved, StockShipped,
};
use domain::money::Money;
use domain::order::{
    CancelReason, Cancellation, FulfilmentStatus, Order, OrderPaymentStatus, OrderStatus, TimelineEvent,
};
use domain::refund::RefundCause;
use domain::saga::{AllocatedLine, Command, OrderSaga, PlanVersion, SagaError, Transition};
use domain::shipment::{ShipmentStatus, Transport};
use std::collections::HashSet;
use uuid::Uuid;

pub const RESERVE: &str = "inventory.reserve.v1";
pub const RELEASE: &str = "inventory.release.v1";
pub const SHIP: &str = "inventory.ship.v1";
pub const AUTHORIZE: &str = "payment.authorize.v1";
pub const VOID: &str = "payment.void.v1";
pub const CAPTURE: &str = "payment.capture.v1";
pub const WRITE_OFF: &str = "payment.write_off.v1";
pub const BOOK: &str = "shipment.book.v1";
pub const CANCEL: &str = "shipment.cancel.v1";
pub const TRACK: &str = "shipment.track.v1";

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

pub fn reserved() -> Reply {
    reserved_of(vec![allocation(first(), "SKU-HEADPHONES", 2), allocation(second(), "SKU-MUG", 1)])
}

pub fn reserved_of(allocations: Vec<Allocation>) -> Reply {
    Reply::StockReserved(StockReserved { order_id: order_id(), allocations })
}

pub fn out_of_stock() -> Reply {
    let shortage = Shortage { sku: "SKU-MUG".parse().expect("a valid fixture"), requested: 1, available: 0 };
    Reply::StockRejected(StockRejected { order_id: order_id(), shortages: vec![shortage] })
}

pub fn released() -> Reply {
    Reply::StockReleased(StockReleased { order_id: order_id() })
}

pub fn stock_shipped(warehouse: WarehouseId) -> Reply {
    stock_shipped_of(shipment(warehouse))
}

pub fn stock_shipped_of(shipment_id: ShipmentId) -> Reply {
    Reply::StockShipped(StockShipped { order_id: order_id(), shipment_id })
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
    captured_of(shipment(warehouse), usd(amount_minor))
}

pub fn captured_of(shipment_id: ShipmentId, amount: Money) -> Reply {
    Reply::PaymentCaptured(PaymentCaptured { order_id: order_id(), shipment_id, amount })
}

pub fn capture_declined(warehouse: WarehouseId, amount_minor: i64, attempt: u32) -> Reply {
    let (order_id, shipment_id, amount) = (order_id(), shipment(warehouse), usd(amount_minor));
    let reason = "expired".to_owned();
    Reply::PaymentCaptureDeclined(PaymentCaptureDeclined { order_id, shipment_id, amount, attempt, reason })
}

pub fn written_off(warehouse: WarehouseId, amount_minor: i64, is_voided: bool) -> Reply {
    let (order_id, shipment_id, amount) = (order_id(), shipment(warehouse), usd(amount_minor));
    Reply::PaymentWrittenOff(PaymentWrittenOff { order_id, shipment_id, amount, is_voided })
}

/// The cause of an attempt of the refund with this number.
fn cause(number: u128, attempt: u32) -> String {
    RefundCause { refund: RefundId::from_uuid(Uuid::from_u128(number)), attempt }.to_string()
}

pub fn refunded(number: u128, amount_minor: i64) -> Reply {
    let (order_id, cause, amount) = (order_id(), cause(number, 1), usd(amount_minor));
    Reply::PaymentRefunded(PaymentRefunded { order_id, cause, amount })
}

pub fn refund_refused(number: u128, attempt: u32, is_acknowledged: bool) -> Reply {
    let (order_id, cause, amount, reason) = (order_id(), cause(number, attempt), usd(1), "expired".to_owned());
    Reply::PaymentRefundRefused(PaymentRefundRefused { order_id, cause, amount, reason, is_acknowledged })
}

pub fn refund_unresolved(number: u128) -> Reply {
    let (order_id, cause, amount) = (order_id(), cause(number, 1), usd(1));
    Reply::PaymentRefundUnresolved(PaymentRefundUnresolved { order_id, cause, amount })
}

pub fn booked() -> Reply {
    booked_of([first(), second()].map(|warehouse| booked_as(shipment(warehouse), warehouse)).into())
}

pub fn booked_of(shipments: Vec<BookedShipment>) -> Reply {
    Reply::ShipmentsBooked(ShipmentsBooked { order_id: order_id(), shipments })
}

pub fn shipping_refused() -> Reply {
    Reply::ShipmentsRefused(ShipmentsRefused { order_id: order_id(), reason: "address_not_served".to_owned() })
}

pub fn shipments_cancelled() -> Reply {
    Reply::ShipmentsCancelled(ShipmentsCancelled { order_id: order_id() })
}

pub fn too_late() -> Reply {
    Reply::ShipmentsTooLate(ShipmentsTooLate { order_id: order_id() })
}

pub fn progressed(warehouse: WarehouseId, status: ShipmentStatus) -> Reply {
    progressed_with(shipment(warehouse), status, None)
}

pub fn progressed_with(shipment_id: ShipmentId, status: ShipmentStatus, transport: Option<Transport>) -> Reply {
    let order_id = order_id();
    Reply::ShipmentProgressed(ShipmentProgressed { order_id, shipment_id, status, occurred_at: noon(), transport })
}

pub fn delayed(warehouse: WarehouseId, level: u16) -> Reply {
    let (order_id, shipment_id) = (order_id(), shipment(warehouse));
    Reply::ShipmentDelayed(ShipmentDelayed { order_id, shipment_id, level, promised_by: noon() })
}

pub fn reservation_stale() -> Reply {
    Reply::ReservationStale(ReservationStale { order_id: order_id(), held_since: noon() })
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
