//! How the warehouses of an order are chosen.

crate::string_enum! {
    /// The rule by which an order's lines are allocated to warehouses. Each refuses an order exactly when a SKU is short
    /// in all open warehouses together.
    #[derive(Default)]
    pub enum AllocationPolicy {
        /// The whole order from one warehouse if one can, otherwise the most lines per warehouse.
        #[default]
        SingleWarehouseFirst,
        /// The fewest warehouses.
        MinimiseSplits,
        /// From the warehouse with the lowest priority number as much as it has, then from the next.
        Priority,
        /// Like `priority`, but the warehouses of the address's region come first, then those of its country.
        Nearest,
    }
}
