//! The way back: undo what was or may have been done, last first; and the one case in which it is too late for that.

use super::allocation::Goods;
use super::commands;
use super::order_saga::{End, OrderSaga, Phase};
use super::plan::{Persistence, StepName};
use super::transition::Advance;
use crate::order::{Entry, Order};

impl OrderSaga {
    pub(super) fn undo_from(self, step: StepName, end: End, order: &Order) -> Advance {
        Self { attempt: 0, phase: Phase::Undoing { step, end }, ..self }.undo(step, order)
    }

    /// Asks for the undo, for the first time or again; calls a human when nobody answers.
    pub(super) fn undo(self, step: StepName, order: &Order) -> Advance {
        let subject: &str = self.step_of_plan(step).undo;
        let pressure = self.plan().undo;
        let saga = Self { attempt: self.attempt + 1, ..self };
        let attention = saga.attention(&pressure, subject);
        let mut advance = Advance::of(saga).ask(commands::undo(step, order.id));
        advance.entries.extend(attention);
        advance
    }

    /// The open undo is answered: the next one, or the end.
    pub(super) fn undone(self, entry: Entry, order: &Order) -> Advance {
        let Phase::Undoing { step, end } = self.phase.clone() else {
            return Advance::of(self);
        };
        let relief = self.relief(order);
        let advance = match self.plan().before(step) {
            Some(earlier) => self.undo_from(earlier.name, end, order),
            None => self.end(end),
        };
        advance.told_first(Some(entry)).told_first(relief)
    }

    /// The carrier has the goods: nothing was undone, since the booking is the first to be undone. Forward again.
    pub(super) fn too_late(self, order: &Order) -> Advance {
        let relief = self.relief(order);
        let saga = Self { attempt: 0, ..self };
        let advance = match saga.goods {
            // The report of the hand-over may be lost, or on its way.
            Goods::Booked(_) => saga.deliver(order).ask(commands::track(order.id)),
            Goods::Ordered(_) | Goods::Allocated(_) => saga.run(StepName::BookShipments, order),
        };
        advance.told_first(Some(Entry::TooLateToCancel)).told_first(relief)
    }

    /// The order has come to nothing, and yet stock is held for it: an operator may have abandoned the undo.
    pub(super) fn let_go(self, order: &Order) -> Advance {
        Advance::of(self).ask(commands::undo(StepName::ReserveStock, order.id))
    }

    /// Told when patience ends, and once more when the saga counts as stuck.
    pub(super) fn attention(&self, persistence: &Persistence, subject: &str) -> Option<Entry> {
        let called = [persistence.attention_after, persistence.stuck_after].contains(&self.attempt);
        let reason = format!("{subject} was asked {} times and is not answered", self.attempt);
        called.then_some(Entry::AttentionRaised { reason })
    }

    /// Takes back what [`Self::attention`] raised, now that there is an answer.
    pub(super) fn relief(&self, order: &Order) -> Option<Entry> {
        let raised = self.persistence().is_some_and(|persistence| self.attempt >= persistence.attention_after);
        (raised && order.attention.is_some()).then_some(Entry::AttentionCleared)
    }
}
