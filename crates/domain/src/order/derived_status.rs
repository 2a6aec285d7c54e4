//! The payment and fulfilment status of an order, stored for filtering. Both are derived from its timeline.

crate::string_enum! {
    pub enum OrderPaymentStatus {
        Unpaid,
        Authorized,
        Declined,
        /// Captured for some shipments.
        PartlyCaptured,
        /// Captured for all shipments.
        Captured,
        /// The authorization, if there was one, is voided.
        Voided,
        /// Everything that was captured is refunded.
        Refunded,
        /// A part of what was captured is refunded.
        PartlyRefunded,
    }
}

crate::string_enum! {
    pub enum FulfilmentStatus {
        Unallocated,
        /// Stock is reserved.
        Allocated,
        /// The carrier has accepted the booking.
        Booked,
        /// Some shipments are handed over to their carriers.
        PartlyShipped,
        Shipped,
        Delivered,
        /// The reserved stock, if there was any, is released.
        Released,
    }
}
