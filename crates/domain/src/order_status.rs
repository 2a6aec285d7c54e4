//! The seven statuses of an order, as they are stored.

crate::string_enum! {
    pub enum OrderStatus {
        /// Accepted, priced, stored; the saga runs.
        Pending,
        /// Stock allocated, payment authorized, shipments booked.
        Confirmed,
        /// At least one shipment handed to its carrier.
        Shipped,
        /// Every open line delivered, cancelled or returned.
        Delivered,
        /// Refused; everything undone.
        Rejected,
        /// Semantic lock: compensation runs.
        Cancelling,
        /// Cancelled on request; everything undone.
        Cancelled,
    }
}
