//! The calls to the carrier. No transaction is open; every call may be made again, whatever came of it.

use crate::carriers::{BookAnswer, CancelAnswer, Carrier};
use domain::ids::ShipmentId;
use domain::messages::Parcel;
use domain::shipment::{TrackingNumber, Waybill};
use futures::future::join_all;
use platform::metrics::provider::{Outcome, ProviderCalls};
use std::time::Duration;

/// How long a carrier may take to answer; then the outcome is unknown.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

const BOOK: &str = "book";
const CANCEL: &str = "cancel";

/// The line to the carrier: each call on it has a limit, and is counted.
#[derive(Debug)]
pub(crate) struct Line<C> {
    pub carrier: C,
    calls: ProviderCalls,
}

/// What to ask the carrier about one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarrierCall {
    /// The outcome is known.
    Nothing,
    /// Every parcel, or none.
    Book(Vec<Parcel>),
    /// Every shipment, or none.
    CallBack(Vec<CallBack>),
}

/// A shipment to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallBack {
    pub parcel: Parcel,
    pub tracking_number: Option<TrackingNumber>,
}

/// What the carrier said about one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarrierAnswer {
    NotAsked,
    Booked(Vec<(ShipmentId, Waybill)>),
    /// Nothing is booked; what had been was called back.
    Refused {
        reason: String,
    },
    CalledBack,
    /// Something has left already, and everything is booked as it was.
    TooLate(Vec<(ShipmentId, Waybill)>),
    Unknown {
        why: String,
    },
}

enum Booked {
    All(Vec<(ShipmentId, Waybill)>),
    Refused { reason: String },
    Unknown { why: String },
}

enum CalledBack {
    All,
    TooLate,
    Unknown { why: String },
}

pub(crate) async fn ask<C: Carrier>(line: &Line<C>, call: CarrierCall) -> CarrierAnswer {
    match call {
        CarrierCall::Nothing => CarrierAnswer::NotAsked,
        CarrierCall::Book(parcels) => book_or_undo(line, parcels).await,
        CarrierCall::CallBack(shipments) => call_back_or_keep(line, &shipments).await,
    }
}

async fn book_or_undo<C: Carrier>(line: &Line<C>, parcels: Vec<Parcel>) -> CarrierAnswer {
    match book(line, &parcels).await {
        Booked::All(waybills) => CarrierAnswer::Booked(waybills),
        Booked::Unknown { why } => CarrierAnswer::Unknown { why },
        // Those of unknown outcome, too: a carrier takes "nothing to call back" for a success.
        Booked::Refused { reason } => {
            let undo: Vec<_> = parcels.into_iter().map(|parcel| CallBack { parcel, tracking_number: None }).collect();
            match call_back(line, &undo).await {
                CalledBack::All => CarrierAnswer::Refused { reason },
                CalledBack::TooLate => CarrierAnswer::Unknown { why: format!("refused ({reason}), yet under way") },
                CalledBack::Unknown { why } => CarrierAnswer::Unknown { why },
            }
        }
    }
}

/// When one has left already, the others follow it: those that were just called back are booked again.
async fn call_back_or_keep<C: Carrier>(line: &Line<C>, shipments: &[CallBack]) -> CarrierAnswer {
    match call_back(line, shipments).await {
        CalledBack::All => CarrierAnswer::CalledBack,
        CalledBack::Unknown { why } => CarrierAnswer::Unknown { why },
        CalledBack::TooLate => {
            let parcels: Vec<_> = shipments.iter().map(|shipment| shipment.parcel.clone()).collect();
            match book(line, &parcels).await {
                Booked::All(waybills) => CarrierAnswer::TooLate(waybills),
                Booked::Refused { reason } => CarrierAnswer::Unknown { why: format!("not booked again: {reason}") },
                Booked::Unknown { why } => CarrierAnswer::Unknown { why },
            }
        }
    }
}

async fn book<C: Carrier>(line: &Line<C>, parcels: &[Parcel]) -> Booked {
    let answers = join_all(parcels.iter().map(|parcel| line.book(parcel))).await;
    let (mut waybills, mut unknown, mut refused) = (Vec::new(), None, None);
    for (parcel, answer) in parcels.iter().zip(answers) {
        match answer {
            Some(BookAnswer::Booked { tracking_number, promised_by }) => {
                let waybill = Waybill { carrier: C::NAME.to_owned(), tracking_number, promised_by };
                waybills.push((parcel.shipment_id, waybill));
            }
            Some(BookAnswer::Refused { reason }) => refused = refused.or(Some(reason)),
            Some(BookAnswer::Unknown { why }) => unknown = Some(why),
            None => unknown = Some(no_answer()),
        }
    }
    match (refused, unknown) {
        (Some(reason), _) => Booked::Refused { reason },
        (None, Some(why)) => Booked::Unknown { why },
        (None, None) => Booked::All(waybills),
    }
}

async fn call_back<C: Carrier>(line: &Line<C>, shipments: &[CallBack]) -> CalledBack {
    let calls = shipments
        .iter()
        .map(|CallBack { parcel, tracking_number }| line.cancel(parcel.shipment_id, tracking_number.as_ref()));
    let answers = join_all(calls).await;
    let mut outcome = CalledBack::All;
    for answer in answers {
        match answer {
            Some(CancelAnswer::Cancelled) => {}
            Some(CancelAnswer::TooLate) => outcome = CalledBack::TooLate,
            Some(CancelAnswer::Unknown { why }) => return CalledBack::Unknown { why },
            None => return CalledBack::Unknown { why: no_answer() },
        }
    }
    outcome
}

impl<C: Carrier> Line<C> {
    pub fn to(carrier: C) -> Self {
        let calls = ProviderCalls::to(&format!("{}_carrier", C::NAME), &[BOOK, CANCEL]);
        Self { carrier, calls }
    }

    /// None when no answer came.
    async fn book(&self, parcel: &Parcel) -> Option<BookAnswer> {
        let call = tokio::time::timeout(ANSWER_LIMIT, self.carrier.book(parcel));
        let answer = self.calls.count(BOOK, call, |answer| match answer {
            Ok(BookAnswer::Booked { .. }) => Outcome::Answered,
            Ok(BookAnswer::Refused { .. }) => Outcome::Declined,
            Ok(BookAnswer::Unknown { .. }) => Outcome::Unknown,
            Err(_late) => Outcome::TimedOut,
        });
        answer.await.ok()
    }

    /// None when no answer came.
    async fn cancel(&self, shipment: ShipmentId, tracking_number: Option<&TrackingNumber>) -> Option<CancelAnswer> {
        let call = tokio::time::timeout(ANSWER_LIMIT, self.carrier.cancel(shipment, tracking_number));
        let answer = self.calls.count(CANCEL, call, |answer| match answer {
            Ok(CancelAnswer::Cancelled) => Outcome::Answered,
            Ok(CancelAnswer::TooLate) => Outcome::Declined,
            Ok(CancelAnswer::Unknown { .. }) => Outcome::Unknown,
            Err(_late) => Outcome::TimedOut,
        });
        answer.await.ok()
    }
}

fn no_answer() -> String {
    format!("the carrier did not answer within {} s", ANSWER_LIMIT.as_secs())
}
