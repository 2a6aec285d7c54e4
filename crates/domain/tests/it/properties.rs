//! Whatever is lost, doubled, delayed or overtaken, and whenever the customer changes their mind: the order comes to
//! exactly one end, with nothing held and nothing taken that should not be.

use crate::script::{HEADPHONES_MINOR, MUG_MINOR, TOTAL_MINOR, at_request, first, order_id, priced, second, usd};
use crate::slices::{Payment, Shipping, Slices, Stock};
use domain::ids::WarehouseId;
use domain::messages::Reply;
use domain::order::{Applied, Entry, Event, FulfilmentStatus, Order, OrderStatus, PaymentStatus};
use domain::saga::{Advance, Ask, End, OrderSaga, Phase, PlanVersion, SagaError};
use proptest::prelude::*;
use std::collections::HashSet;
use uuid::Uuid;

const CASES: u32 = 1_000;
const FAULTS_MAX: usize = 80;
/// How many rounds without faults an order may need to come to its end.
const ROUNDS_MAX: usize = 100;

#[derive(Debug, Clone)]
enum Fault {
    /// One message on the wire arrives, in any order.
    Deliver(usize),
    /// One arrives, and will arrive again.
    Duplicate(usize),
    Lose(usize),
    LoseAll,
    /// A deadline passes, whether it is due or not.
    Silence,
    Cancel,
    Carry(usize),
    /// An operator asks again.
    Retry,
}

#[derive(Debug, Clone)]
enum Packet {
    Question(Ask),
    Answer(Reply),
}

struct World {
    order: Order,
    saga: OrderSaga,
    timeline: Vec<Event>,
    generations: HashSet<u32>,
    slices: Slices,
    wire: Vec<Packet>,
}

impl World {
    fn new(willing: [bool; 3], warehouses: usize) -> Self {
        let third = WarehouseId::from_uuid(Uuid::from_u128(13));
        let warehouses = [first(), second(), third][..warehouses].to_vec();
        let (order, accepted) = Order::accept(order_id(), usd(TOTAL_MINOR), "sim_ok".to_owned());
        let lines = vec![priced("SKU-HEADPHONES", 2, HEADPHONES_MINOR), priced("SKU-MUG", 1, MUG_MINOR)];
        let started = OrderSaga::start(PlanVersion::CURRENT, &order, lines);
        let slices = Slices::new(order.id, warehouses, willing);
        let mut world = Self {
            saga: started.saga.clone(),
            order,
            timeline: vec![accepted],
            generations: HashSet::new(),
            slices,
            wire: Vec::new(),
        };
        world.follow(started);
        world
    }

    fn suffer(&mut self, fault: &Fault) {
        match *fault {
            Fault::Deliver(index) => {
                if let Some(index) = self.on_the_wire(index) {
                    let packet = self.wire.remove(index);
                    self.deliver(packet);
                }
            }
            Fault::Duplicate(index) => {
                if let Some(index) = self.on_the_wire(index) {
                    let packet = self.wire[index].clone();
                    self.deliver(packet);
                }
            }
            Fault::Lose(index) => {
                if let Some(index) = self.on_the_wire(index) {
                    self.wire.remove(index);
                }
            }
            Fault::LoseAll => self.wire.clear(),
            Fault::Silence => self.silence(),
            Fault::Cancel => self.cancel(),
            Fault::Carry(index) => self.wire.extend(self.slices.carry(index).map(Packet::Answer)),
            Fault::Retry => {
                if let Ok(advance) = self.saga.clone().retry_step(&self.order, "again") {
                    self.follow(advance);
                }
            }
        }
    }

    /// No more faults: everything arrives, carriers move on, deadlines pass when they are due.
    fn settle(&mut self) {
        for _round in 0..ROUNDS_MAX {
            for packet in std::mem::take(&mut self.wire) {
                self.deliver(packet);
            }
            if !self.saga.is_active() && self.wire.is_empty() {
                return;
            }
            let moved: Vec<_> =
                (0..self.slices.warehouses.len()).filter_map(|index| self.slices.carry(index)).collect();
            self.wire.extend(moved.into_iter().map(Packet::Answer));
            if self.wire.is_empty() {
                self.silence();
            }
        }
        panic!("no end after {ROUNDS_MAX} rounds: {:?} {:?}", self.order, self.saga);
    }

    fn on_the_wire(&self, index: usize) -> Option<usize> {
        (!self.wire.is_empty()).then(|| index % self.wire.len())
    }

    fn deliver(&mut self, packet: Packet) {
        match packet {
            Packet::Question(ask) => self.wire.extend(self.slices.answer(&ask).into_iter().map(Packet::Answer)),
            Packet::Answer(reply) => {
                if let Applied::Now(advance) = self.saga.clone().on_reply(&self.order, &reply).expect("a good answer") {
                    self.follow(advance);
                }
            }
        }
    }

    fn silence(&mut self) {
        if let Applied::Now(advance) = self.saga.clone().on_deadline(&self.order, true) {
            self.follow(advance);
        }
    }

    fn cancel(&mut self) {
        match self.saga.clone().on_cancel(&self.order, at_request()) {
            Ok(Applied::Now(advance)) => self.follow(advance),
            Ok(Applied::Already) => {
                assert!(matches!(self.order.status, OrderStatus::Cancelling | OrderStatus::Cancelled));
            }
            Err(SagaError::InvalidTransition(refused)) => assert_eq!(refused.from, self.order.status),
            Err(other) => panic!("{other}"),
        }
    }

    fn follow(&mut self, advance: Advance) {
        let one_question = matches!(advance.saga.phase(), Phase::Running(_) | Phase::Undoing { .. });
        assert!(!one_question || advance.commands.len() <= 1, "{:?}", advance.commands);
        for entry in advance.entries {
            let (order, event) = self.order.clone().record(entry).expect("a legal entry");
            let last = self.timeline.last().expect("the first entry");
            assert_eq!((event.version, event.from), (last.version + 1, Some(last.to)));
            self.order = order;
            self.timeline.push(event);
        }
        for command in advance.commands {
            assert!(self.generations.insert(command.generation), "{command:?} has the number of another");
            self.wire.push(Packet::Question(command.ask));
        }
        assert_eq!(OrderSaga::from_json(&advance.saga.to_json()).as_ref(), Ok(&advance.saga));
        self.saga = advance.saga;
    }

    fn check_end(&self) {
        let ends = self.timeline.iter().filter(|event| event.to.is_final() && event.from != Some(event.to)).count();
        assert_eq!(ends, 1, "{:?}", self.timeline);
        match self.order.status {
            OrderStatus::Delivered => self.check_delivered(),
            OrderStatus::Rejected => {
                let reason = self.order.reason.clone().expect("a reason");
                self.check_undone(&End::Rejected { reason });
            }
            OrderStatus::Cancelled => self.check_undone(&End::Cancelled),
            other => panic!("{other} is no end"),
        }
        assert_eq!(self.order.attention, None, "somebody answered, so nobody is needed");
    }

    fn check_delivered(&self) {
        let slices = &self.slices;
        assert_eq!(self.saga.phase(), &Phase::Ended(End::Delivered));
        assert_eq!(slices.captured.values().sum::<i64>(), TOTAL_MINOR);
        assert_eq!(slices.deducted.len(), slices.way.len());
        assert_eq!(slices.captured.len(), slices.way.len());
        let stands = (self.order.payment, self.order.fulfilment);
        assert_eq!(stands, (PaymentStatus::Captured, FulfilmentStatus::Delivered));
        let handed_over = |event: &&Event| matches!(event.entry, Entry::ShipmentHandedOver { .. });
        assert_eq!(self.timeline.iter().filter(handed_over).count(), slices.way.len());
    }

    fn check_undone(&self, end: &End) {
        let slices = &self.slices;
        assert_eq!(self.saga.phase(), &Phase::Ended(end.clone()));
        assert!(slices.captured.is_empty() && slices.deducted.is_empty(), "{slices:?}");
        assert_ne!(slices.stock, Stock::Reserved, "stock leaks");
        assert_ne!(slices.payment, Payment::Authorized, "money is held");
        assert_ne!(slices.shipping, Shipping::Booked, "a carrier will come");
        assert!(!matches!(self.order.payment, PaymentStatus::Authorized | PaymentStatus::Captured));
    }
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        8 => any::<usize>().prop_map(Fault::Deliver),
        3 => any::<usize>().prop_map(Fault::Duplicate),
        2 => any::<usize>().prop_map(Fault::Lose),
        1 => Just(Fault::LoseAll),
        3 => Just(Fault::Silence),
        1 => Just(Fault::Cancel),
        3 => any::<usize>().prop_map(Fault::Carry),
        1 => Just(Fault::Retry),
    ]
}

/// Mostly willing, so that most orders go far.
fn willing() -> impl Strategy<Value = [bool; 3]> {
    [prop::bool::weighted(0.9), prop::bool::weighted(0.85), prop::bool::weighted(0.85)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn once_faults_stop_every_order_comes_to_one_end_and_nothing_is_lost(
        willing in willing(),
        warehouses in 1_usize..=3,
        faults in prop::collection::vec(fault(), 0..FAULTS_MAX),
    ) {
        let mut world = World::new(willing, warehouses);

        for fault in &faults {
            world.suffer(fault);
        }
        world.settle();

        world.check_end();
    }

    #[test]
    fn without_faults_a_willing_order_is_delivered_and_an_unwilling_one_rejected(
        willing in willing(),
        warehouses in 1_usize..=3,
    ) {
        let mut world = World::new(willing, warehouses);

        world.settle();

        world.check_end();
        let expected = if willing == [true; 3] { OrderStatus::Delivered } else { OrderStatus::Rejected };
        prop_assert_eq!(world.order.status, expected);
    }
}
