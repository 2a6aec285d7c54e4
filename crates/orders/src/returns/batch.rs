//! The returns that a batch of replies may change.

use super::apply::{ReturnCause, Surroundings, apply};
use crate::error::StoreError;
use crate::return_model::{ReturnChange, StoredReturn};
use crate::store::returns;
use domain::Timestamp;
use domain::applied::Applied;
use domain::messages::Reply;
use domain::returns::RefundReport;
use domain::saga::TimeScale;
use messaging::{Delivery, Outgoing};
use sqlx::PgConnection;

#[derive(Debug, Default)]
pub struct ReturnsOfBatch(Vec<StoredReturn>);

impl ReturnsOfBatch {
    /// Reads nothing for a batch without replies about refunds or returned stock. The orders must be locked.
    pub async fn of(tx: &mut PgConnection, batch: &[Delivery<Reply>]) -> Result<Self, StoreError> {
        let concerned = batch.iter().filter(|delivery| concerns_returns(&delivery.command));
        let orders: Vec<_> = concerned.map(|delivery| delivery.header.subject).collect();
        Ok(Self(returns::of_orders(tx, &orders).await?))
    }

    /// The change of the return that the reply is about, if it has one.
    pub fn on_reply(
        &self,
        delivery: &Delivery<Reply>,
        time_scale: TimeScale,
        now: Timestamp,
    ) -> Option<(ReturnChange, Vec<Outgoing>)> {
        let Delivery { header, command: reply, .. } = delivery;
        let mut of_order = self.0.iter().filter(|stored| stored.returned.order_id == header.subject);
        let (stored, applied) = if let Reply::ReturnRestocked(reply) = reply {
            let stored = of_order.find(|stored| stored.returned.id == reply.return_id)?;
            (stored, stored.returned.clone().on_restocked())
        } else {
            let (refund, report) = RefundReport::of(reply)?;
            let stored = of_order.find(|stored| stored.returned.refund_id() == refund)?;
            (stored, stored.returned.clone().on_refund(report))
        };
        let Applied::Changed(transition) = applied else { return None };
        let trace = header.caused();
        let cause = ReturnCause { message_id: Some(header.id), actor: None, decision_note: None, trace };
        Some(apply(stored.returned.version, transition, cause, &Surroundings { refundable: None, time_scale, now }))
    }
}

fn concerns_returns(reply: &Reply) -> bool {
    matches!(reply, Reply::ReturnRestocked(_)) || RefundReport::of(reply).is_some()
}
