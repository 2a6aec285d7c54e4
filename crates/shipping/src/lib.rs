//! Shipping: owns schema `shipping`. Consumes the commands book, cancel and track
//! ([`ShipmentCommand`]), and records carrier events. Replies with booked, refused, cancelled, too late, progressed and
//! delayed. Depends on no other slice.
//!
//! The carrier is called between two transactions: `begin` stores that the call is about to be made, `settle` stores
//! its result. Another transaction may change the booking in between. `domain::shipment::Booking` decides which results
//! still apply.

mod begin;
mod carrier_calls;
pub mod carriers;
mod changes;
mod config;
mod dismiss_exception;
mod enter_tracking;
mod erase_notes;
mod error;
mod filter;
mod find_shipments;
mod kept_reports;
mod mark_delayed_shipments;
mod progressed;
mod recipient_source;
mod record_carrier_event;
mod recorded;
mod remove_orders;
mod reply;
mod report_effect;
mod settle;
mod shipment_key;
mod store;
mod views;

pub use carrier_calls::{CancelRequest, CarrierCall, CarrierResult};
pub use carriers::advance_shipments;
pub use config::{DelayArgs, DelayLevels, ShippingArgs};
pub use dismiss_exception::dismiss_exception;
pub use enter_tracking::{EnterTrackingError, TrackingEntry, enter_tracking};
pub use erase_notes::erase_notes;
pub use error::ShippingError;
pub use filter::{InvalidCursor, ShipmentCursor, ShipmentFilter};
pub use find_shipments::{find_shipment, list_shipments, shipments_of_order};
pub use mark_delayed_shipments::mark_delayed_shipments;
pub use recipient_source::RecipientSource;
pub use record_carrier_event::{CarrierEvent, CarrierEventError, record_carrier_event};
pub use recorded::Recorded;
pub use remove_orders::{open_orders, remove_orders};
pub use shipment_key::ShipmentKey;
pub use views::{ShipmentEvent, ShipmentView};

use carrier_calls::MeteredCarriers;
use carriers::{Carriers, NoSettings};
use changes::ShippingChanges;
use domain::Timestamp;
use domain::messages::{Queue, ShipmentCommand};
use messaging::{Begun, Bulkhead, CallLimit, Delivery, HandleError, HandleWithProvider, Handled};
use sqlx::PgConnection;
use std::sync::Arc;

/// The handler of the shipping queue.
#[derive(Debug)]
pub struct Shipping {
    /// The carrier of new bookings.
    chosen: &'static str,
    carriers: MeteredCarriers,
    recipients: Arc<dyn RecipientSource>,
    bookings: Bulkhead,
    cancellations: Bulkhead,
}

impl Shipping {
    /// With the carriers that the settings name.
    pub fn start(args: &ShippingArgs, recipients: Arc<dyn RecipientSource>) -> Result<Self, NoSettings> {
        Ok(Self::new(&Carriers::start(&args.chosen, &args.carriers)?, recipients, args))
    }

    pub fn new(carriers: &Carriers, recipients: Arc<dyn RecipientSource>, args: &ShippingArgs) -> Self {
        let bulkhead = |calls: u16| Bulkhead::of(calls.into(), &CallLimit::of(calls.into()));
        let (bookings, cancellations) = (bulkhead(args.carrier_calls_max), bulkhead(args.carrier_cancel_calls_max));
        let (chosen, carriers) = (carriers.chosen, MeteredCarriers::new(&carriers.started));
        Self { chosen, carriers, recipients, bookings, cancellations }
    }
}

impl HandleWithProvider for Shipping {
    type Command = ShipmentCommand;
    type Call = CarrierCall;
    type Answer = CarrierResult;
    type Changes = ShippingChanges;
    const QUEUE: Queue = Queue::Shipping;

    async fn begin(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<ShipmentCommand>],
        now: Timestamp,
    ) -> Result<Begun<CarrierCall, ShippingChanges>, HandleError> {
        Ok(begin::begin(tx, self.chosen, &*self.recipients, batch, now).await?)
    }

    fn bulkhead(&self, command: &ShipmentCommand) -> Bulkhead {
        match command {
            ShipmentCommand::Cancel(_) | ShipmentCommand::Amend(_) => self.cancellations.clone(),
            ShipmentCommand::Book(_) | ShipmentCommand::Track(_) => self.bookings.clone(),
        }
    }

    async fn call(&self, call: CarrierCall) -> CarrierResult {
        self.carriers.execute(call).await
    }

    async fn settle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<ShipmentCommand>],
        answers: Vec<CarrierResult>,
        now: Timestamp,
    ) -> Result<Handled<ShippingChanges>, HandleError> {
        Ok(settle::settle(tx, batch, answers, now).await?)
    }
}
