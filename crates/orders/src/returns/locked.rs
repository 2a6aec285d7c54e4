//! Locks the order of a return for a person who changes it.

use super::error::ReturnError;
use crate::return_model::StoredReturn;
use crate::store::lock_sagas::{self, LockedOrder};
use crate::store::{return_pages, returns};
use crate::viewer::Viewer;
use domain::ids::{OrderId, ReturnId, UserId};
use domain::product::Sku;
use domain::refund::Refundable;
use domain::returns::Return;
use sqlx::PgConnection;

/// The person who requests or changes a return.
#[derive(Debug, Clone)]
pub struct ReturnActor {
    pub id: UserId,
    /// Which returns they may see.
    pub viewer: Viewer,
    /// Whether they may act for every customer and vendor.
    pub is_admin: bool,
    /// Their name in timelines: `customer:<id>`.
    pub name: String,
}

impl ReturnActor {
    /// Whether they may do what the customer of the return may.
    pub(super) fn acts_for_customer(&self, stored: &StoredReturn) -> bool {
        self.is_admin || stored.customer_id == self.id
    }

    /// Whether they may do what the vendor of the return may.
    pub(super) fn acts_for_vendor(&self, stored: &StoredReturn) -> bool {
        self.is_admin || (stored.returned.vendor_id == self.id && self.viewer.vendor().is_some())
    }
}

/// A locked order, and one of its returns.
pub(super) struct LockedReturn {
    pub order: LockedOrder,
    pub stored: StoredReturn,
}

impl LockedReturn {
    /// 404 for a return that the actor may not see.
    pub async fn find(tx: &mut PgConnection, id: ReturnId, actor: &ReturnActor) -> Result<Self, ReturnError> {
        let order_id = return_pages::order_of(tx, id, actor.viewer).await?.ok_or(ReturnError::NotFound)?;
        let order = lock_order(tx, order_id).await?.ok_or(ReturnError::NotFound)?;
        // Read after the lock is held: it includes what other transactions have changed.
        let stored = returns::by_ids(tx, &[id]).await?.pop().ok_or(ReturnError::NotFound)?;
        Ok(Self { order, stored })
    }
}

pub(super) async fn lock_order(tx: &mut PgConnection, id: OrderId) -> Result<Option<LockedOrder>, ReturnError> {
    let found = lock_sagas::lock(tx, &[id.as_uuid()]).await?.pop();
    Ok(found.map(|(_, locked)| locked).transpose()?)
}

/// Whether every capture that pays for units of the return has its result: until then the refund would be too small.
pub(super) fn may_refund(order: &LockedOrder, returned: &Return) -> bool {
    let skus: Vec<Sku> = returned.lines.iter().map(|line| line.sku.clone()).collect();
    !order.saga.has_open_capture_of(&skus)
}

/// The order for the refund of one of its returns.
pub(super) async fn find_refundable(tx: &mut PgConnection, id: OrderId) -> Result<Option<Refundable>, ReturnError> {
    Ok(crate::store::refundable::find(tx, id).await?)
}
