//! The status of a return, as it is stored and shown.

crate::string_enum! {
    pub enum ReturnStatus {
        /// The vendor has to decide.
        Requested,
        /// The customer sends the goods.
        Approved,
        Declined,
        /// By the customer, before it was received.
        Cancelled,
        /// It was approved, and never received.
        Expired,
        /// Counted. Its units are being restocked and refunded.
        Received,
        /// Nothing is left to be done.
        Closed,
    }
}

impl ReturnStatus {
    /// Whether its units can't be returned by another return.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Declined | Self::Cancelled | Self::Expired)
    }
}
