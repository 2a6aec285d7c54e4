//! The only table of permissions: which roles may perform which action. Whose resources a user may see or change is
//! decided in the slices' SQL, which gets the caller as a parameter.

use accounts::Role;
use accounts::Role::{Admin, Customer, Vendor};

/// An action that is restricted to certain roles.
pub trait Permission: Send + Sync + 'static {
    const ROLES: &'static [Role];
    /// Verb phrase for error texts: "Role `x` may not …".
    const ACTION: &'static str;
}

macro_rules! permissions {
    ($($name:ident $action:literal $roles:expr;)*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Permission for $name {
                const ROLES: &'static [Role] = $roles;
                const ACTION: &'static str = $action;
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
    ReportShipments  "report on shipments"        &[Vendor, Admin];
    ManageProducts   "manage products"            &[Vendor, Admin];
    SeeStock         "see stock"                  &[Vendor, Admin];
    AdjustStock      "adjust stock"               &[Vendor, Admin];
    SeeWarehouses    "see warehouses"             &[Vendor, Admin];
    ManageWarehouses "manage warehouses"          &[Admin];
    GrantRoles       "grant roles"                &[Admin];
    ManageFailedJobs "manage failed jobs"         &[Admin];
    OperateSagas     "operate sagas"              &[Admin];
    ReadAuditLog     "read the audit log"         &[Admin];
    SeeTasks         "see scheduled tasks"        &[Admin];
    SeeWorkers       "see each process"           &[Admin];
}
