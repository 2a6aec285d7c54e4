//! The roles of users; permissions derive from them.

domain::string_enum! {
    pub enum Role {
        /// Places orders and sees only their own.
        Customer,
        /// Manages their own products and stock.
        Vendor,
        /// Sees everything that admins see, and changes nothing.
        Support,
        /// Sees and manages everything.
        Admin,
    }
}
