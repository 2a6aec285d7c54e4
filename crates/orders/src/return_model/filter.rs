//! Which returns a list contains.

use super::cursor::ReturnCursor;
use domain::ids::OrderId;
use domain::page::PageSize;
use domain::returns::ReturnStatus;

#[derive(Debug, Clone, Copy, Default)]
pub struct ReturnFilter {
    pub status: Option<ReturnStatus>,
    pub order: Option<OrderId>,
    /// Whether it needs a person.
    pub attention: Option<bool>,
    pub after: Option<ReturnCursor>,
    pub limit: PageSize,
}
