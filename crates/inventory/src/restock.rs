//! Restocks returned units, once per return. Pure, no I/O.

use crate::StoreError;
use crate::changes::StockChanges;
use crate::store::NewRestock;
use domain::ids::{MessageId, ReturnId};
use domain::inventory::{LedgerEntry, Movement, Origin, StockSnapshot};
use domain::messages::{InventoryCommand, Reply, RestockReturn, ReturnRestocked};
use messaging::Delivery;
use std::collections::HashSet;

/// The restocks of a batch.
pub(crate) fn restocks(batch: &[Delivery<InventoryCommand>]) -> Vec<NewRestock> {
    let restock = |delivery: &Delivery<InventoryCommand>| match &delivery.command {
        InventoryCommand::Restock(RestockReturn { order_id, return_id, warehouse_id, .. }) => Some(NewRestock {
            order_id: *order_id,
            return_id: *return_id,
            warehouse_id: *warehouse_id,
            cause: delivery.header.id,
        }),
        InventoryCommand::Reserve(_)
        | InventoryCommand::Release(_)
        | InventoryCommand::Ship(_)
        | InventoryCommand::Reduce(_) => None,
    };
    batch.iter().filter_map(restock).collect()
}

/// Adds the units to the stock if the return is one of `new`; a return that was restocked before gets the same reply.
pub(crate) fn restock(
    stock: &mut StockSnapshot,
    new: &HashSet<ReturnId>,
    changes: &mut StockChanges,
    command: &RestockReturn,
    cause: MessageId,
) -> Result<Reply, StoreError> {
    let RestockReturn { order_id, return_id, warehouse_id, ref lines } = *command;
    let reply = Reply::ReturnRestocked(ReturnRestocked { order_id, return_id });
    if !new.contains(&return_id) {
        return Ok(reply);
    }
    for line in lines {
        let movement = Movement::Returned(line.quantity.get());
        let moved = stock.apply(&line.sku, warehouse_id, movement);
        moved.map_err(|refusal| StoreError::Contradiction { sku: line.sku.to_string(), refusal })?;
        let origin = Origin::Order { order_id, shipment_id: None, cause };
        changes.entries.push(LedgerEntry { sku: line.sku.clone(), warehouse_id, movement, origin });
    }
    Ok(reply)
}
