//! A fake carrier that stores its bookings, and returns the responses that a test prepares.

use crate::harness::at;
use async_trait::async_trait;
use domain::ids::ShipmentId;
use domain::messages::ShipmentRequest;
use domain::order::Recipient;
use domain::shipment::TrackingNumber;
use shipping::carriers::{BookResponse, CancelResponse, Carrier};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, Default)]
pub struct FakeCarrier(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    booked: BTreeSet<ShipmentId>,
    /// Prepared responses to the next calls per shipment. Without one, a call succeeds.
    book: HashMap<ShipmentId, VecDeque<BookResponse>>,
    cancel: HashMap<ShipmentId, VecDeque<CancelResponse>>,
    calls: usize,
    /// Of each call to book, in sequence.
    recipients: Vec<Recipient>,
}

impl FakeCarrier {
    /// The shipments that are booked.
    pub fn booked(&self) -> Vec<ShipmentId> {
        self.0.lock().unwrap().booked.iter().copied().collect()
    }

    pub fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    pub fn recipients(&self) -> Vec<Recipient> {
        self.0.lock().unwrap().recipients.clone()
    }

    pub fn refuse(&self, shipment: ShipmentId, reason: &str) {
        self.prepare_book(shipment, BookResponse::Refused { reason: reason.to_owned() });
    }

    pub fn lose_book_response(&self, shipment: ShipmentId) {
        self.prepare_book(shipment, BookResponse::Unknown { why: "no response".to_owned() });
    }

    pub fn reply_too_late(&self, shipment: ShipmentId) {
        self.prepare_cancel(shipment, CancelResponse::TooLate);
    }

    pub fn lose_cancel_response(&self, shipment: ShipmentId) {
        self.prepare_cancel(shipment, CancelResponse::Unknown { why: "no response".to_owned() });
    }

    fn prepare_book(&self, shipment: ShipmentId, response: BookResponse) {
        self.0.lock().unwrap().book.entry(shipment).or_default().push_back(response);
    }

    fn prepare_cancel(&self, shipment: ShipmentId, response: CancelResponse) {
        self.0.lock().unwrap().cancel.entry(shipment).or_default().push_back(response);
    }
}

pub fn tracking_number(shipment: ShipmentId) -> TrackingNumber {
    format!("T-{}", shipment.as_uuid().simple()).parse().unwrap()
}

#[async_trait]
impl Carrier for FakeCarrier {
    async fn book(&self, request: &ShipmentRequest, recipient: &Recipient) -> BookResponse {
        let mut state = self.0.lock().unwrap();
        state.calls += 1;
        state.recipients.push(recipient.clone());
        let prepared = state.book.get_mut(&request.shipment_id).and_then(VecDeque::pop_front);
        // `Unknown` simulates a lost response: the booking is made.
        if !matches!(prepared, Some(BookResponse::Refused { .. })) {
            state.booked.insert(request.shipment_id);
        }
        let tracking_number = tracking_number(request.shipment_id);
        prepared.unwrap_or(BookResponse::Booked { tracking_number, promised_by: at(259_200) })
    }

    async fn cancel(&self, shipment: ShipmentId, _tracking_number: Option<&TrackingNumber>) -> CancelResponse {
        let mut state = self.0.lock().unwrap();
        state.calls += 1;
        let prepared = state.cancel.get_mut(&shipment).and_then(VecDeque::pop_front);
        if !matches!(prepared, Some(CancelResponse::TooLate)) {
            state.booked.remove(&shipment);
        }
        prepared.unwrap_or(CancelResponse::Cancelled)
    }
}
