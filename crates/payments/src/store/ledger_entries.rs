//! Table `payments.ledger_entries`. [`super::save`] inserts its rows with the changes of the payments that they are about.

use crate::call::Report;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ProviderKey};
use domain::money::Currency;
use domain::payment::{LedgerEntry, Operation, Payment, ledger_entries};
use uuid::Uuid;

/// An entry, and what caused it.
#[derive(Debug, Clone)]
pub(crate) struct CausedEntry {
    pub order_id: OrderId,
    /// The operation whose report showed it.
    pub key: ProviderKey,
    /// What the operation is for.
    pub cause: String,
    pub gateway: String,
    pub currency: Currency,
    pub entry: LedgerEntry,
    /// The command whose call reported it.
    pub message_id: Option<MessageId>,
    /// When the gateway executed it, if it says.
    pub executed_at: Option<Timestamp>,
}

/// What shows a change of a payment: the report of an operation, or a person.
pub(crate) struct Cause<'a> {
    pub order_id: OrderId,
    pub gateway: &'a str,
    pub operation: Operation,
    pub message_id: Option<MessageId>,
    pub executed_at: Option<Timestamp>,
}

impl Cause<'_> {
    pub fn of<'a>(order_id: OrderId, gateway: &'a str, report: &Report, message_id: MessageId) -> Cause<'a> {
        let (operation, executed_at) = (report.operation(), report.executed_at());
        Cause { order_id, gateway, operation, message_id: Some(message_id), executed_at }
    }

    /// The entries of a change of the payment.
    pub fn entries(&self, before: &Payment, after: &Payment) -> Vec<CausedEntry> {
        let Some(amount) = after.amount() else { return Vec::new() };
        let caused = |entry| CausedEntry {
            order_id: self.order_id,
            key: self.operation.key(self.order_id),
            cause: self.operation.subject(),
            gateway: self.gateway.to_owned(),
            currency: amount.currency,
            entry,
            message_id: self.message_id,
            executed_at: self.executed_at,
        };
        ledger_entries(before, after).into_iter().map(caused).collect()
    }
}

/// Entries to insert, by column.
pub(super) struct EntryColumns<'a> {
    pub order_id: Vec<Uuid>,
    pub provider_key: Vec<Uuid>,
    pub kind: Vec<&'static str>,
    pub amount_minor: Vec<i64>,
    pub currency: Vec<&'static str>,
    pub gateway: Vec<&'a str>,
    pub cause: Vec<&'a str>,
    pub message_id: Vec<Option<Uuid>>,
    pub executed_at: Vec<Option<Timestamp>>,
}

impl<'a> EntryColumns<'a> {
    pub fn of(entries: &'a [CausedEntry]) -> Self {
        Self {
            order_id: entries.iter().map(|new| new.order_id.as_uuid()).collect(),
            provider_key: entries.iter().map(|new| new.key.as_uuid()).collect(),
            kind: entries.iter().map(|new| new.entry.kind.into()).collect(),
            amount_minor: entries.iter().map(|new| new.entry.amount_minor).collect(),
            currency: entries.iter().map(|new| new.currency.code()).collect(),
            gateway: entries.iter().map(|new| new.gateway.as_str()).collect(),
            cause: entries.iter().map(|new| new.cause.as_str()).collect(),
            message_id: entries.iter().map(|new| new.message_id.map(|id| id.as_uuid())).collect(),
            executed_at: entries.iter().map(|new| new.executed_at).collect(),
        }
    }
}
