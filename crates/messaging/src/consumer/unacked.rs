//! The deliveries of a session that are not acked yet.

use super::calls::Tag;
use crate::metrics::{InFlight, QueueMetrics};
use lapin::message::Delivery;
use std::collections::BTreeMap;

/// Unacked deliveries, sorted by delivery tag.
#[derive(Default)]
pub(super) struct Unacked(BTreeMap<Tag, UnackedDelivery>);

pub(super) struct UnackedDelivery {
    pub raw: Delivery,
    _in_flight: InFlight,
}

impl Unacked {
    pub fn insert(&mut self, raw: Delivery, metrics: &QueueMetrics) {
        self.0.insert(raw.delivery_tag, UnackedDelivery { raw, _in_flight: metrics.in_flight(1) });
    }

    pub fn remove(&mut self, tag: Tag) -> Option<UnackedDelivery> {
        self.0.remove(&tag)
    }

    /// The tag of the oldest one.
    pub fn first(&self) -> Option<Tag> {
        self.0.first_key_value().map(|(tag, _)| *tag)
    }
}
