//! The replies to a reserve command.

use domain::ids::OrderId;
use domain::messages::{Allocation, MissingUnits, Reply, Shortage, StockBackordered, StockRejected, StockReserved};

pub(crate) fn reserved(order_id: OrderId, allocations: Vec<Allocation>) -> Reply {
    Reply::StockReserved(StockReserved { order_id, allocations })
}

pub(crate) fn rejected(order_id: OrderId, shortages: Vec<Shortage>) -> Reply {
    Reply::StockRejected(StockRejected { order_id, shortages })
}

pub(crate) fn backordered(order_id: OrderId, missing: Vec<MissingUnits>) -> Reply {
    Reply::StockBackordered(StockBackordered { order_id, missing })
}
