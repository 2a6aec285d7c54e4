//! What a batch of commands writes, or a run of [`fn@crate::fill_backorders`].

use crate::StoreError;
use crate::store::{self, FilledBackorder, NewBackorder, NewDecision, OrderLine, ReservationUpdate};
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::inventory::{LedgerEntry, LineState, Movement, Origin, ReservedLine, ReservedLines};
use domain::messages::Allocation;
use domain::product::Quantity;
use messaging::Changes;
use sqlx::PgConnection;

#[derive(Debug, Default)]
pub struct StockChanges {
    pub(crate) entries: Vec<LedgerEntry>,
    pub(crate) new_lines: Vec<OrderLine>,
    /// Released, reduced and shipped lines, and lines with more units, in their new state.
    pub(crate) changed_lines: Vec<OrderLine>,
    pub(crate) reservations: Vec<ReservationUpdate>,
    pub(crate) decisions: Vec<NewDecision>,
    pub(crate) new_backorders: Vec<NewBackorder>,
    pub(crate) filled_backorders: Vec<FilledBackorder>,
    /// Orders that wait no longer, because they are released.
    pub(crate) ended_backorders: Vec<OrderId>,
}

impl StockChanges {
    /// Adds a reserved line. The allocator has already subtracted its units from the available stock.
    pub(crate) fn reserve_line(&mut self, order_id: OrderId, allocation: &Allocation, cause: MessageId) {
        self.reserve_units(order_id, allocation, cause);
        let line = new_line(allocation);
        self.new_lines.push(OrderLine { order_id, line });
    }

    /// Adds units to the reserved lines of an order: to the line of their SKU and warehouse, if there is one.
    pub(crate) fn add_units(
        &mut self,
        order_id: OrderId,
        lines: &mut ReservedLines,
        allocation: &Allocation,
        cause: MessageId,
    ) {
        let Some(line) = lines.active_mut(&allocation.sku, allocation.warehouse_id) else {
            lines.0.push(new_line(allocation));
            return self.reserve_line(order_id, allocation, cause);
        };
        self.reserve_units(order_id, allocation, cause);
        line.quantity = sum(line.quantity, allocation.quantity);
        self.changed_lines.push(OrderLine { order_id, line: line.clone() });
    }

    fn reserve_units(&mut self, order_id: OrderId, allocation: &Allocation, cause: MessageId) {
        let Allocation { warehouse_id, sku, quantity } = allocation.clone();
        let origin = Origin::Order { order_id, shipment_id: None, cause };
        self.entries.push(LedgerEntry { sku, warehouse_id, movement: Movement::Reserved(quantity.get()), origin });
    }
}

fn new_line(allocation: &Allocation) -> ReservedLine {
    let Allocation { warehouse_id, sku, quantity } = allocation.clone();
    ReservedLine { sku, warehouse_id, quantity, state: LineState::Active }
}

fn sum(one: Quantity, other: Quantity) -> Quantity {
    Quantity::try_from(one.get() + other.get()).expect("not more than the order's line, which is a quantity")
}

impl Changes for StockChanges {
    type Error = StoreError;

    async fn save(&self, tx: &mut PgConnection, now: Timestamp) -> Result<(), StoreError> {
        store::apply_entries(tx, &self.entries, now).await?;
        store::insert_lines(tx, &self.new_lines).await?;
        store::update_lines(tx, &self.changed_lines).await?;
        store::update_reservations(tx, &self.reservations, now).await?;
        store::insert_decisions(tx, &self.decisions).await?;
        store::insert_backorders(tx, &self.new_backorders, now).await?;
        store::save_filled(tx, &self.filled_backorders).await?;
        store::delete_backorders(tx, &self.ended_backorders).await
    }
}
