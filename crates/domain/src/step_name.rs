//! The names of the saga's steps. The timeline records them, so they are below both the orders and the saga.

crate::string_enum! {
    /// The name of a step, as it is stored.
    pub enum StepName {
        ReserveStock,
        AuthorizePayment,
        BookShipments,
    }
}
