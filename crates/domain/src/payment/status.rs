//! The statuses of a payment, as they are stored and reported.

crate::string_enum! {
    pub enum PaymentStatus {
        /// The authorization is requested; its outcome may be unknown.
        Authorizing,
        /// Nothing is captured yet.
        Authorized,
        PartlyCaptured,
        Captured,
        /// The whole captured amount is refunded.
        Refunded,
        Declined,
        /// The void is requested.
        Voiding,
        Voided,
    }
}
