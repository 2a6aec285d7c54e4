//! The only table of permissions: which roles may perform which action. Whose resources a user may see or change is
//! decided in the slices' SQL, which gets the caller as a parameter.

use accounts::Role::{Admin, Customer, Support, Vendor};
use accounts::{Role, Scope};

/// An action that is restricted to certain roles.
pub trait Permission: Send + Sync + 'static {
    const ROLES: &'static [Role];
    /// Verb phrase for error texts: "Role `x` may not …".
    const ACTION: &'static str;
    /// The scope that an API key needs; `None` for what only people may do.
    const SCOPE: Option<Scope>;
    /// Whether a user who must change their password may do it before.
    const BEFORE_PASSWORD_CHANGE: bool = false;
}

macro_rules! permissions {
    ($($name:ident $action:literal $roles:expr, $scope:expr $(, $before:ident = $value:literal)?;)*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Permission for $name {
                const ROLES: &'static [Role] = $roles;
                const ACTION: &'static str = $action;
                const SCOPE: Option<Scope> = $scope;
                $(const $before: bool = $value;)?
            }
        )*

        /// Whether a user with this role may do anything that the scope permits.
        pub fn role_has_scope(role: Role, scope: Scope) -> bool {
            [$(($name::ROLES, $name::SCOPE)),*].iter().any(|(roles, of)| *of == Some(scope) && roles.contains(&role))
        }
    };
}

permissions! {
    SeeSelf          "see their own account"      &[Customer, Vendor, Support, Admin], None, BEFORE_PASSWORD_CHANGE = true;
    ManageSelf       "manage their own account"   &[Customer, Vendor, Support, Admin], None, BEFORE_PASSWORD_CHANGE = true;
    ManageKeys       "manage API keys"            &[Customer, Vendor, Support, Admin], None;
    PlaceOrders      "place orders"               &[Customer, Admin], Some(Scope::OrdersPlace);
    // Customers only by an API key, whose scope an admin has granted.
    AdjustTotals     "adjust the totals of orders" &[Customer, Admin], Some(Scope::OrdersAdjustTotals);
    ChooseAllocation "choose the allocation policy of an order" &[Admin], None;
    SeeOrders        "see orders"                 &[Customer, Vendor, Support, Admin], Some(Scope::OrdersRead);
    // Everybody may cancel an order that they placed, whatever their role is now.
    CancelOrders     "cancel orders"              &[Customer, Vendor, Support, Admin], Some(Scope::OrdersCancel);
    RefundOrders     "refund orders"              &[Admin], Some(Scope::OrdersRefund);
    // Everybody may return what they ordered, whatever their role is now.
    RequestReturns   "request returns"            &[Customer, Vendor, Support, Admin], Some(Scope::ReturnsRequest);
    SeeReturns       "see returns"                &[Customer, Vendor, Support, Admin], Some(Scope::ReturnsRead);
    DecideReturns    "decide on returns"          &[Vendor, Admin], Some(Scope::ReturnsDecide);
    SeePayments      "see payments"               &[Customer, Vendor, Support, Admin], Some(Scope::PaymentsRead);
    SeeShipments     "see shipments"              &[Customer, Vendor, Support, Admin], Some(Scope::ShipmentsRead);
    SeeAllocations   "see how orders are allocated" &[Vendor, Support, Admin], Some(Scope::StockRead);
    ListShipments    "list shipments"             &[Vendor, Support, Admin], Some(Scope::ShipmentsRead);
    ReportShipments  "report on shipments"        &[Vendor, Admin], Some(Scope::ShipmentsReport);
    ManageProducts   "manage products"            &[Vendor, Admin], Some(Scope::ProductsWrite);
    SeePriceHistory  "see earlier prices"         &[Vendor, Support, Admin], Some(Scope::ProductsRead);
    SeeStock         "see stock"                  &[Vendor, Support, Admin], Some(Scope::StockRead);
    AdjustStock      "adjust stock"               &[Vendor, Admin], Some(Scope::StockWrite);
    SeeWarehouses    "see warehouses"             &[Vendor, Support, Admin], Some(Scope::WarehousesRead);
    ManageWarehouses "manage warehouses"          &[Admin], Some(Scope::WarehousesWrite);
    SeeUsers         "see users"                  &[Support, Admin], Some(Scope::UsersRead);
    ManageUsers      "manage users"               &[Admin], Some(Scope::UsersWrite);
    ExportCustomers  "export what is known of a customer" &[Admin], None;
    EraseCustomers   "erase customers"            &[Admin], None;
    SeeFailedJobs    "see failed jobs"            &[Support, Admin], Some(Scope::FailedJobsRead);
    ManageFailedJobs "manage failed jobs"         &[Admin], Some(Scope::FailedJobsWrite);
    SeeSagas         "see sagas"                  &[Support, Admin], Some(Scope::SagasRead);
    OperateSagas     "operate sagas"              &[Admin], Some(Scope::SagasWrite);
    SeeLedger        "see the money ledger"       &[Support, Admin], Some(Scope::LedgerRead);
    ListRefunds      "list refunds"               &[Support, Admin], Some(Scope::PaymentsRead);
    ReadAuditLog     "read the audit log"         &[Support, Admin], Some(Scope::AuditRead);
    SeeTasks         "see scheduled tasks"        &[Support, Admin], Some(Scope::TasksRead);
    SeeWorkers       "see each process"           &[Support, Admin], Some(Scope::SystemRead);
}
