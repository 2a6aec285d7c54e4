//! Who may do what: the one table. What is not in it, nobody may do. Whose things somebody may see or change, the slices
//! say in their SQL: they are told who looks.

use accounts::Role;
use accounts::Role::{Admin, Customer, Vendor};

/// Something that only some may do.
pub trait Permission: Send + Sync + 'static {
    const ROLES: &'static [Role];
    /// As an answer says it: "to …".
    const DEED: &'static str;
}

macro_rules! permissions {
    ($($name:ident $deed:literal $roles:expr;)*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Permission for $name {
                const ROLES: &'static [Role] = $roles;
                const DEED: &'static str = $deed;
            }
        )*
    };
}

permissions! {
    SeeSelf          "see their own account"      &[Customer, Vendor, Admin];
    PlaceOrders      "place orders"               &[Customer, Admin];
    SeeOrders        "see orders"                 &[Customer, Vendor, Admin];
    CancelOrders     "cancel orders"              &[Customer, Vendor, Admin];
    SeePayments      "see payments"               &[Customer, Vendor, Admin];
    SeeShipments     "see shipments"              &[Customer, Vendor, Admin];
    ReportShipments  "report on shipments" &[Vendor, Admin];
    ManageProducts   "manage products"            &[Vendor, Admin];
    SeeStock         "see stock"                  &[Vendor, Admin];
    MoveStock        "adjust stock"               &[Vendor, Admin];
    SeeWarehouses    "see warehouses"             &[Vendor, Admin];
    ManageWarehouses "manage warehouses"          &[Admin];
    GrantRoles       "grant roles"                &[Admin];
    ManageFailedJobs "manage failed jobs"         &[Admin];
    OperateSagas     "operate sagas"              &[Admin];
    ReadAuditLog     "read the audit log"         &[Admin];
    SeeTasks         "see scheduled tasks"        &[Admin];
    SeeWorkers       "see each process"           &[Admin];
}
