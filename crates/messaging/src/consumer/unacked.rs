//! The deliveries of a session that are not acked yet.

use super::calls::Tag;
use crate::metrics::{InFlight, QueueMetrics};
use lapin::message::Delivery;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Unacked(BTreeMap<Tag, Held>);

pub(super) struct Held {
    pub raw: Delivery,
    _in_flight: InFlight,
}

impl Unacked {
    pub fn hold(&mut self, raw: Delivery, metrics: &QueueMetrics) {
        self.0.insert(raw.delivery_tag, Held { raw, _in_flight: metrics.taken(1) });
    }

    pub fn take(&mut self, tag: Tag) -> Option<Held> {
        self.0.remove(&tag)
    }

    /// The oldest one.
    pub fn first(&self) -> Option<Tag> {
        self.0.first_key_value().map(|(tag, _)| *tag)
    }
}
