//! What an API key may do: a scope per kind of resource and verb. A role permits more than one scope, and no scope
//! permits what the owner's role does not.

use enumset::EnumSetType;

/// Named `resource:verb`.
#[derive(
    Debug,
    Hash,
    PartialOrd,
    Ord,
    EnumSetType,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
    strum::IntoStaticStr,
)]
pub enum Scope {
    #[strum(serialize = "orders:place")]
    OrdersPlace,
    #[strum(serialize = "orders:read")]
    OrdersRead,
    #[strum(serialize = "orders:cancel")]
    OrdersCancel,
    /// Tax, discounts and shipping costs of the orders that it places, as the shop calculated them.
    #[strum(serialize = "orders:adjust_totals")]
    OrdersAdjustTotals,
    /// Also retries and resolves refunds.
    #[strum(serialize = "orders:refund")]
    OrdersRefund,
    #[strum(serialize = "returns:read")]
    ReturnsRead,
    /// Also cancels them.
    #[strum(serialize = "returns:request")]
    ReturnsRequest,
    /// Approves, declines and receives them.
    #[strum(serialize = "returns:decide")]
    ReturnsDecide,
    #[strum(serialize = "payments:read")]
    PaymentsRead,
    #[strum(serialize = "shipments:read")]
    ShipmentsRead,
    #[strum(serialize = "shipments:report")]
    ShipmentsReport,
    #[strum(serialize = "products:read")]
    ProductsRead,
    #[strum(serialize = "products:write")]
    ProductsWrite,
    #[strum(serialize = "stock:read")]
    StockRead,
    #[strum(serialize = "stock:write")]
    StockWrite,
    #[strum(serialize = "warehouses:read")]
    WarehousesRead,
    #[strum(serialize = "warehouses:write")]
    WarehousesWrite,
    #[strum(serialize = "users:read")]
    UsersRead,
    #[strum(serialize = "users:write")]
    UsersWrite,
    #[strum(serialize = "failed_jobs:read")]
    FailedJobsRead,
    #[strum(serialize = "failed_jobs:write")]
    FailedJobsWrite,
    #[strum(serialize = "sagas:read")]
    SagasRead,
    #[strum(serialize = "sagas:write")]
    SagasWrite,
    #[strum(serialize = "ledger:read")]
    LedgerRead,
    #[strum(serialize = "audit:read")]
    AuditRead,
    #[strum(serialize = "tasks:read")]
    TasksRead,
    #[strum(serialize = "system:read")]
    SystemRead,
}

impl Scope {
    /// A customer who could grant it to a key of their own would set the price of their orders.
    pub fn is_granted_by_admins_only(self) -> bool {
        matches!(self, Self::OrdersAdjustTotals)
    }
}

pub type Scopes = enumset::EnumSet<Scope>;
