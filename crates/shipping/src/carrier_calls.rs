//! The calls to the carrier, made while no transaction is open. Every call may be repeated, whatever its outcome.

use crate::carriers::{BookResponse, CancelResponse, Carrier, StartedCarrier};
use crate::store::StoredShipment;
use domain::ids::ShipmentId;
use domain::messages::ShipmentRequest;
use domain::order::Recipient;
use domain::shipment::{TrackingNumber, Waybill};
use futures::future::join_all;
use platform::metrics::provider::{Outcome, ProviderCalls};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Timeout of a call. After it, the outcome is unknown.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The reason of an amendment that came too late.
pub(crate) const HANDED_OVER: &str = "handed_over";

const BOOK: &str = "book";
const CANCEL: &str = "cancel";

/// The started carriers by name. Each call goes to the carrier that it names.
#[derive(Debug)]
pub(crate) struct MeteredCarriers(HashMap<&'static str, MeteredCarrier>);

/// A carrier whose calls have a timeout and are counted in the metrics.
#[derive(Debug)]
struct MeteredCarrier {
    name: &'static str,
    carrier: Arc<dyn Carrier>,
    metrics: ProviderCalls,
}

/// The carrier calls for one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarrierCall {
    /// The outcome is stored already.
    NotNeeded,
    /// Book all shipments or none with the carrier of the booking.
    Book { carrier: String, shipments: Vec<ShipmentRequest>, recipient: Recipient },
    /// Cancel all shipments or none.
    Cancel { carrier: String, shipments: Vec<CancelRequest>, recipient: Recipient },
    /// Cancel one shipment, and book its replacement if it has one: both or neither.
    Amend { carrier: String, replaced: CancelRequest, replacement: Option<ShipmentRequest>, recipient: Recipient },
}

/// A shipment to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    pub request: ShipmentRequest,
    pub tracking_number: Option<TrackingNumber>,
}

impl CancelRequest {
    pub(crate) fn of(stored: &StoredShipment) -> Self {
        Self { request: stored.request(), tracking_number: stored.tracking_number().cloned() }
    }
}

/// The result of a [`CarrierCall`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarrierResult {
    NotNeeded,
    Booked(Vec<(ShipmentId, Waybill)>),
    /// No shipment is booked: those that had been were cancelled.
    Refused {
        reason: String,
    },
    Cancelled,
    /// At least one shipment was handed over already, and all are still booked.
    TooLate(Vec<(ShipmentId, Waybill)>),
    /// With the waybill of the replacement, if there is one.
    Amended(Option<Waybill>),
    /// The shipment is booked as before, and its replacement is not.
    NotAmended {
        reason: String,
    },
    Unknown {
        why: String,
    },
}

enum BookOutcome {
    All(Vec<(ShipmentId, Waybill)>),
    Refused { reason: String },
    Unknown { why: String },
}

enum CancelOutcome {
    All,
    TooLate,
    Unknown { why: String },
}

impl MeteredCarriers {
    pub fn new(carriers: &[StartedCarrier]) -> Self {
        let metered = carriers.iter().map(|StartedCarrier { name, carrier }| {
            let metrics = ProviderCalls::to(&format!("{name}_carrier"), &[BOOK, CANCEL]);
            (*name, MeteredCarrier { name, carrier: Arc::clone(carrier), metrics })
        });
        Self(metered.collect())
    }

    pub async fn execute(&self, call: CarrierCall) -> CarrierResult {
        match call {
            CarrierCall::NotNeeded => CarrierResult::NotNeeded,
            CarrierCall::Book { carrier, shipments, recipient } => match self.0.get(&*carrier) {
                Some(carrier) => book_all_or_cancel(carrier, shipments, &recipient).await,
                None => not_started(&carrier),
            },
            CarrierCall::Cancel { carrier, shipments, recipient } => match self.0.get(&*carrier) {
                Some(carrier) => cancel_all_or_rebook(carrier, &shipments, &recipient).await,
                None => not_started(&carrier),
            },
            CarrierCall::Amend { carrier, replaced, replacement, recipient } => match self.0.get(&*carrier) {
                Some(carrier) => amend(carrier, replaced, replacement, &recipient).await,
                None => not_started(&carrier),
            },
        }
    }
}

/// The booking waits for a worker that has the carrier: the message is retried, and becomes a failed job in the end.
fn not_started(carrier: &str) -> CarrierResult {
    CarrierResult::Unknown { why: format!("this worker has no carrier `{carrier}`, to which the booking belongs") }
}

async fn book_all_or_cancel(
    carrier: &MeteredCarrier,
    requests: Vec<ShipmentRequest>,
    recipient: &Recipient,
) -> CarrierResult {
    match book_all(carrier, &requests, recipient).await {
        BookOutcome::All(waybills) => CarrierResult::Booked(waybills),
        BookOutcome::Unknown { why } => CarrierResult::Unknown { why },
        // Cancels all shipments, including those that are not booked or of unknown outcome: cancelling a shipment that
        // is not booked succeeds.
        BookOutcome::Refused { reason } => {
            let cancellations: Vec<_> =
                requests.into_iter().map(|request| CancelRequest { request, tracking_number: None }).collect();
            match cancel_all(carrier, &cancellations).await {
                CancelOutcome::All => CarrierResult::Refused { reason },
                CancelOutcome::TooLate => CarrierResult::Unknown {
                    why: format!("refused ({reason}), but a shipment was already handed over"),
                },
                CancelOutcome::Unknown { why } => CarrierResult::Unknown { why },
            }
        }
    }
}

/// If a shipment was handed over already, none may be cancelled: those that were just cancelled are booked again.
async fn cancel_all_or_rebook(
    carrier: &MeteredCarrier,
    shipments: &[CancelRequest],
    recipient: &Recipient,
) -> CarrierResult {
    match cancel_all(carrier, shipments).await {
        CancelOutcome::All => CarrierResult::Cancelled,
        CancelOutcome::Unknown { why } => CarrierResult::Unknown { why },
        CancelOutcome::TooLate => {
            let requests: Vec<_> = shipments.iter().map(|shipment| shipment.request.clone()).collect();
            match book_all(carrier, &requests, recipient).await {
                BookOutcome::All(waybills) => CarrierResult::TooLate(waybills),
                BookOutcome::Refused { reason } => {
                    CarrierResult::Unknown { why: format!("not booked again: {reason}") }
                }
                BookOutcome::Unknown { why } => CarrierResult::Unknown { why },
            }
        }
    }
}

/// Books the replacement first: it can be cancelled again, since the carrier never gets it before its label is printed.
/// The cancelled shipment might be refused when it is booked again.
async fn amend(
    carrier: &MeteredCarrier,
    replaced: CancelRequest,
    replacement: Option<ShipmentRequest>,
    recipient: &Recipient,
) -> CarrierResult {
    let waybill = match book_all_or_cancel(carrier, Vec::from_iter(replacement.clone()), recipient).await {
        CarrierResult::Booked(waybills) => waybills.into_iter().next().map(|(_, waybill)| waybill),
        CarrierResult::Refused { reason } => return CarrierResult::NotAmended { reason },
        other => return other,
    };
    match cancel_all(carrier, &[replaced]).await {
        CancelOutcome::All => CarrierResult::Amended(waybill),
        CancelOutcome::Unknown { why } => CarrierResult::Unknown { why },
        CancelOutcome::TooLate => {
            let tracking_number = waybill.map(|waybill| waybill.tracking_number);
            let booked = replacement.map(|request| CancelRequest { request, tracking_number });
            match cancel_all(carrier, &Vec::from_iter(booked)).await {
                CancelOutcome::All => CarrierResult::NotAmended { reason: HANDED_OVER.to_owned() },
                CancelOutcome::TooLate => CarrierResult::Unknown { why: "the carrier has both shipments".to_owned() },
                CancelOutcome::Unknown { why } => CarrierResult::Unknown { why },
            }
        }
    }
}

async fn book_all(carrier: &MeteredCarrier, requests: &[ShipmentRequest], recipient: &Recipient) -> BookOutcome {
    let responses = join_all(requests.iter().map(|request| carrier.book(request, recipient))).await;
    let (mut waybills, mut unknown, mut refused) = (Vec::new(), None, None);
    for (request, response) in requests.iter().zip(responses) {
        match response {
            Some(BookResponse::Booked { tracking_number, promised_by }) => {
                let carrier = carrier.name.to_owned();
                let waybill = Waybill { carrier, tracking_number, promised_by, carrier_name: None };
                waybills.push((request.shipment_id, waybill));
            }
            Some(BookResponse::Refused { reason }) => refused = refused.or(Some(reason)),
            Some(BookResponse::Unknown { why }) => unknown = Some(why),
            None => unknown = Some(timed_out()),
        }
    }
    match (refused, unknown) {
        (Some(reason), _) => BookOutcome::Refused { reason },
        (None, Some(why)) => BookOutcome::Unknown { why },
        (None, None) => BookOutcome::All(waybills),
    }
}

async fn cancel_all(carrier: &MeteredCarrier, shipments: &[CancelRequest]) -> CancelOutcome {
    let calls = shipments.iter().map(|CancelRequest { request, tracking_number }| {
        carrier.cancel(request.shipment_id, tracking_number.as_ref())
    });
    let responses = join_all(calls).await;
    let mut outcome = CancelOutcome::All;
    for response in responses {
        match response {
            Some(CancelResponse::Cancelled) => {}
            Some(CancelResponse::TooLate) => outcome = CancelOutcome::TooLate,
            Some(CancelResponse::Unknown { why }) => return CancelOutcome::Unknown { why },
            None => return CancelOutcome::Unknown { why: timed_out() },
        }
    }
    outcome
}

impl MeteredCarrier {
    /// `None` after a timeout.
    async fn book(&self, request: &ShipmentRequest, recipient: &Recipient) -> Option<BookResponse> {
        let call = tokio::time::timeout(CALL_TIMEOUT, self.carrier.book(request, recipient));
        let response = self.metrics.count(BOOK, call, |response| match response {
            Ok(BookResponse::Booked { .. }) => Outcome::Answered,
            Ok(BookResponse::Refused { .. }) => Outcome::Declined,
            Ok(BookResponse::Unknown { .. }) => Outcome::Unknown,
            Err(_elapsed) => Outcome::TimedOut,
        });
        response.await.ok()
    }

    /// `None` after a timeout.
    async fn cancel(&self, shipment: ShipmentId, tracking_number: Option<&TrackingNumber>) -> Option<CancelResponse> {
        let call = tokio::time::timeout(CALL_TIMEOUT, self.carrier.cancel(shipment, tracking_number));
        let response = self.metrics.count(CANCEL, call, |response| match response {
            Ok(CancelResponse::Cancelled) => Outcome::Answered,
            Ok(CancelResponse::TooLate) => Outcome::Declined,
            Ok(CancelResponse::Unknown { .. }) => Outcome::Unknown,
            Err(_elapsed) => Outcome::TimedOut,
        });
        response.await.ok()
    }
}

fn timed_out() -> String {
    format!("no response from the carrier within {} s", CALL_TIMEOUT.as_secs())
}
