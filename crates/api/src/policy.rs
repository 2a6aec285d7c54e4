//! The only table of permissions: which roles may perform which action. Whose resources a user may see or change is
//! decided in the slices' SQL, which gets the caller as a parameter.

use accounts::Role;
use accounts::Role::{Admin, Customer, Support, Vendor};

/// An action that is restricted to certain roles.
pub trait Permission: Send + Sync + 'static {
    const ROLES: &'static [Role];
    /// Verb phrase for error texts: "Role `x` may not …".
    const ACTION: &'static str;
    /// Whether a user who must change their password may do it before.
    const BEFORE_PASSWORD_CHANGE: bool = false;
}

macro_rules! permissions {
    ($($name:ident $action:literal $roles:expr $(, $before:ident = $value:literal)?;)*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Permission for $name {
                const ROLES: &'static [Role] = $roles;
                const ACTION: &'static str = $action;
                $(const $before: bool = $value;)?
            }
        )*
    };
}

permissions! {
    SeeSelf          "see their own account"      &[Customer, Vendor, Support, Admin], BEFORE_PASSWORD_CHANGE = true;
    ManageSelf       "manage their own account"   &[Customer, Vendor, Support, Admin], BEFORE_PASSWORD_CHANGE = true;
    PlaceOrders      "place orders"               &[Customer, Admin];
    SeeOrders        "see orders"                 &[Customer, Vendor, Support, Admin];
    // Everybody may cancel an order that they placed, whatever their role is now.
    CancelOrders     "cancel orders"              &[Customer, Vendor, Support, Admin];
    SeePayments      "see payments"               &[Customer, Vendor, Support, Admin];
    SeeShipments     "see shipments"              &[Customer, Vendor, Support, Admin];
    ListShipments    "list shipments"             &[Vendor, Support, Admin];
    ReportShipments  "report on shipments"        &[Vendor, Admin];
    ManageProducts   "manage products"            &[Vendor, Admin];
    SeeStock         "see stock"                  &[Vendor, Support, Admin];
    AdjustStock      "adjust stock"               &[Vendor, Admin];
    SeeWarehouses    "see warehouses"             &[Vendor, Support, Admin];
    ManageWarehouses "manage warehouses"          &[Admin];
    SeeUsers         "see users"                  &[Support, Admin];
    ManageUsers      "manage users"               &[Admin];
    SeeFailedJobs    "see failed jobs"            &[Support, Admin];
    ManageFailedJobs "manage failed jobs"         &[Admin];
    SeeSagas         "see sagas"                  &[Support, Admin];
    OperateSagas     "operate sagas"              &[Admin];
    ReadAuditLog     "read the audit log"         &[Support, Admin];
    SeeTasks         "see scheduled tasks"        &[Support, Admin];
    SeeWorkers       "see each process"           &[Support, Admin];
}
