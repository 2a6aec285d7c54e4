//! Shipping: owns schema `shipping`. Hears `shipment.book`, `shipment.cancel`, `shipment.track`, and what carriers
//! report. Says booked, refused, cancelled, too late, progressed,
//! delayed. Knows no other slice.
//!
//! A carrier is asked between two transactions: `begin` stores that it is about to be asked, `settle` what it said.
//! Either may find that the booking has been moved by somebody else; `domain::shipment::Booking` says what then holds.

mod begin;
mod carrier_calls;
pub mod carriers;
mod config;
mod error;
mod find_shipments;
mod mark_delayed_shipments;
mod move_simulated_shipments;
mod record_carrier_event;
mod reply;
mod settle;
mod store;

pub use carrier_calls::{CallBack, CarrierAnswer, CarrierCall};
pub use config::{DelayArgs, DelayLevels, Pace, ShippingArgs};
pub use error::ShippingError;
pub use find_shipments::{ShipmentEvent, ShipmentView, find_shipment, list_shipments};
pub use mark_delayed_shipments::mark_delayed_shipments;
pub use move_simulated_shipments::move_simulated_shipments;
pub use record_carrier_event::{CarrierEvent, CarrierEventError, Recorded, record_carrier_event};

use carrier_calls::Line;
use carriers::Carrier;
use domain::Timestamp;
use domain::messages::{Queue, ShipmentCommand};
use messaging::{Bulkhead, CallLimit, Delivery, HandleError, HandleWithProvider, Handled};
use sqlx::PgConnection;

/// The slice: it books with `C`.
#[derive(Debug)]
pub struct Shipping<C> {
    line: Line<C>,
    bookings: Bulkhead,
    cancellations: Bulkhead,
}

impl<C: Carrier> Shipping<C> {
    pub fn new(carrier: C, args: &ShippingArgs) -> Self {
        let bulkhead = |calls: u16| Bulkhead::of(calls.into(), &CallLimit::of(calls.into()));
        let cancellations = bulkhead(args.carrier_cancel_calls_max);
        Self { line: Line::to(carrier), bookings: bulkhead(args.carrier_calls_max), cancellations }
    }
}

impl<C: Carrier> HandleWithProvider for Shipping<C> {
    type Command = ShipmentCommand;
    type Call = CarrierCall;
    type Answer = CarrierAnswer;
    const QUEUE: Queue = Queue::Shipping;

    async fn begin(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<ShipmentCommand>],
        now: Timestamp,
    ) -> Result<Vec<CarrierCall>, HandleError> {
        Ok(begin::begin(tx, batch, now).await?)
    }

    fn bulkhead(&self, command: &ShipmentCommand) -> Bulkhead {
        match command {
            ShipmentCommand::Cancel(_) => self.cancellations.clone(),
            ShipmentCommand::Book(_) | ShipmentCommand::Track(_) => self.bookings.clone(),
        }
    }

    async fn call(&self, call: CarrierCall) -> CarrierAnswer {
        carrier_calls::ask(&self.line, call).await
    }

    async fn settle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<ShipmentCommand>],
        answers: Vec<CarrierAnswer>,
        now: Timestamp,
    ) -> Result<Handled, HandleError> {
        Ok(settle::settle(tx, batch, answers, self.line.carrier.moves_after(), now).await?)
    }
}
