//! The statuses of a shipment, as they are stored and reported; later ones are greater.

crate::string_enum! {
    #[derive(PartialOrd, Ord)]
    pub enum ShipmentStatus {
        /// Stored; the carrier is being called, or is about to be.
        Requested,
        /// The carrier has accepted the booking.
        Booked,
        /// Cancelled before the hand-over.
        Cancelled,
        /// The carrier has it. It can't be cancelled any more.
        HandedOver,
        InTransit,
        Delivered,
    }
}
