//! A carrier that remembers what it has, and answers as told.

use crate::harness::at;
use domain::ids::ShipmentId;
use domain::messages::Parcel;
use domain::shipment::TrackingNumber;
use shipping::carriers::{BookAnswer, CancelAnswer, Carrier};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const HAND_OVER: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Default)]
pub struct FakeCarrier(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    booked: BTreeSet<ShipmentId>,
    /// What it says to the next calls about a shipment, before it goes back to doing what it is asked.
    book: HashMap<ShipmentId, VecDeque<BookAnswer>>,
    cancel: HashMap<ShipmentId, VecDeque<CancelAnswer>>,
    calls: usize,
}

impl FakeCarrier {
    /// What it would come and fetch.
    pub fn booked(&self) -> Vec<ShipmentId> {
        self.0.lock().unwrap().booked.iter().copied().collect()
    }

    pub fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    pub fn refuse(&self, shipment: ShipmentId, reason: &str) {
        self.say_to_book(shipment, BookAnswer::Refused { reason: reason.to_owned() });
    }

    pub fn lose_book_answer(&self, shipment: ShipmentId) {
        self.say_to_book(shipment, BookAnswer::Unknown { why: "no answer".to_owned() });
    }

    pub fn say_too_late(&self, shipment: ShipmentId) {
        self.say_to_cancel(shipment, CancelAnswer::TooLate);
    }

    pub fn lose_cancel_answer(&self, shipment: ShipmentId) {
        self.say_to_cancel(shipment, CancelAnswer::Unknown { why: "no answer".to_owned() });
    }

    fn say_to_book(&self, shipment: ShipmentId, answer: BookAnswer) {
        self.0.lock().unwrap().book.entry(shipment).or_default().push_back(answer);
    }

    fn say_to_cancel(&self, shipment: ShipmentId, answer: CancelAnswer) {
        self.0.lock().unwrap().cancel.entry(shipment).or_default().push_back(answer);
    }
}

pub fn tracking_number(shipment: ShipmentId) -> TrackingNumber {
    format!("T-{}", shipment.as_uuid().simple()).parse().unwrap()
}

impl Carrier for FakeCarrier {
    const NAME: &'static str = "fake";

    async fn book(&self, parcel: &Parcel) -> BookAnswer {
        let mut memory = self.0.lock().unwrap();
        memory.calls += 1;
        let told = memory.book.get_mut(&parcel.shipment_id).and_then(VecDeque::pop_front);
        // A lost answer is that of a booking that was made.
        if !matches!(told, Some(BookAnswer::Refused { .. })) {
            memory.booked.insert(parcel.shipment_id);
        }
        let tracking_number = tracking_number(parcel.shipment_id);
        told.unwrap_or(BookAnswer::Booked { tracking_number, promised_by: at(259_200) })
    }

    async fn cancel(&self, shipment: ShipmentId, _tracking_number: Option<&TrackingNumber>) -> CancelAnswer {
        let mut memory = self.0.lock().unwrap();
        memory.calls += 1;
        let told = memory.cancel.get_mut(&shipment).and_then(VecDeque::pop_front);
        if !matches!(told, Some(CancelAnswer::TooLate)) {
            memory.booked.remove(&shipment);
        }
        told.unwrap_or(CancelAnswer::Cancelled)
    }

    fn moves_after(&self) -> Option<Duration> {
        Some(HAND_OVER)
    }
}
