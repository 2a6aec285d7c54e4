//! Use cases: the vendor approves or declines a return, or the customer cancels it.

use super::apply::{ReturnCause, Surroundings, apply};
use super::changes::ReturnChanges;
use super::error::ReturnError;
use super::find::views;
use super::locked::{LockedReturn, ReturnActor};
use super::request::audit_state;
use crate::return_model::{ReturnView, StoredReturn};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::ReturnId;
use domain::order::order_request::Note;
use domain::returns::{InvalidReturnTransition, Return, ReturnTransition, ReturnTransitionName};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnDecision {
    /// The customer may send the goods, for so long.
    Approve {
        expires_after: TimeDelta,
    },
    Decline,
    Cancel,
}

#[derive(Debug, Clone)]
pub struct DecideReturn {
    pub return_id: ReturnId,
    pub decision: ReturnDecision,
    pub actor: ReturnActor,
    /// Why, for the customer.
    pub note: Option<Note>,
    pub trace: Trace,
}

/// Applies the decision; repeating it changes nothing. The audit record and the response for the idempotency key are
/// stored in the same transaction.
pub async fn decide_return(
    context: &WriteContext,
    request: DecideReturn,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<ReturnView>),
) -> Result<ReturnView, ReturnError> {
    let mut work = UnitOfWork::begin(context).await?;
    let LockedReturn { stored, .. } = LockedReturn::find(&mut work, request.return_id, &request.actor).await?;
    request.decision.check(&request.actor, &stored)?;
    let before = stored.returned.clone();
    let (mut changes, mut after) = (ReturnChanges::default(), stored);
    if let Applied::Changed(transition) = request.decision.apply_to(before.clone(), now)? {
        let actor = Some(request.actor.name.clone());
        let cause =
            ReturnCause { message_id: None, actor, decision_note: request.note.clone(), trace: request.trace.clone() };
        let surroundings = Surroundings { refundable: None, time_scale: context.time_scale, now };
        let (change, outgoing) = apply(before.version, transition, cause, &surroundings);
        let to = change.transition.to.clone();
        let reason = request.note.as_ref().map(|note| note.as_str().to_owned());
        let (subject, action) = (format!("order:{}", to.order_id), request.decision.name().audit_name());
        let (before, now_is) = (Some(audit_state(&before)), Some(audit_state(&to)));
        audit.record(&mut work, AuditRecord { action, subject, reason: reason.clone(), before, after: now_is }).await?;
        work.send(outgoing);
        let decision_note = reason.or(after.decision_note);
        after = StoredReturn { returned: to, decision_note, deadline_at: change.deadline_at, updated_at: now, ..after };
        changes.0.push(change);
    }
    let view = views(&mut work, vec![after], request.actor.viewer).await?.pop().ok_or(ReturnError::NotFound)?;
    audit.store_response(&mut work, &view).await?;
    work.commit(changes, now).await?;
    Ok(view)
}

impl ReturnDecision {
    const fn name(self) -> ReturnTransitionName {
        match self {
            Self::Approve { .. } => ReturnTransitionName::Approve,
            Self::Decline => ReturnTransitionName::Decline,
            Self::Cancel => ReturnTransitionName::Cancel,
        }
    }

    fn check(self, actor: &ReturnActor, stored: &StoredReturn) -> Result<(), ReturnError> {
        match self {
            Self::Approve { .. } | Self::Decline if !actor.acts_for_vendor(stored) => {
                Err(ReturnError::NotAllowed("the vendor of the lines, or an admin,"))
            }
            Self::Cancel if !actor.acts_for_customer(stored) => {
                Err(ReturnError::NotAllowed("the customer, or an admin,"))
            }
            Self::Approve { .. } | Self::Decline | Self::Cancel => Ok(()),
        }
    }

    fn apply_to(self, returned: Return, now: Timestamp) -> Result<Applied<ReturnTransition>, InvalidReturnTransition> {
        match self {
            Self::Approve { expires_after } => returned.approve(now + expires_after),
            Self::Decline => returned.decline(),
            Self::Cancel => returned.cancel(),
        }
    }
}
