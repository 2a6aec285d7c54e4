//! Why an amount is refunded: a closed set, which everybody who may see the order's payment sees.

crate::string_enum! {
    pub enum RefundReason {
        /// The customer asked for it.
        Customer,
        Damaged,
        Lost,
        /// Nothing is wrong with the goods.
        Goodwill,
        Fraud,
        Other,
    }
}
