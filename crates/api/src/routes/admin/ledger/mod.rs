//! The money ledger, for finance.

pub mod csv;
pub mod entry;
pub mod list;
pub mod summary;

use crate::params::Params;
use payments::{LedgerFilter, LedgerRange};

/// Reads `from`, `to`, `currency` and `kind`.
fn read_filter(params: &mut Params) -> Option<LedgerFilter> {
    let from = params.required_time("from");
    let to = params.required_time("to");
    let currency = params.optional("currency");
    let kind = params.one_of("kind");
    let (from, to, currency, kind) = (from?, to?, currency?, kind?);
    let range = LedgerRange::new(from, to).map_or_else(|error| params.refuse_value("to", &error, to), Some);
    Some(LedgerFilter { range: range?, currency, kind })
}
