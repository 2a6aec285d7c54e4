//! What became of a report about a shipment.

/// The effect of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// The shipment advanced, and a message to its order is in the outbox.
    Advanced,
    /// The shipment had reached this milestone or a later one. The event is stored, but changes nothing.
    Ignored,
    /// The same event was recorded before.
    Duplicate,
    /// It is stored, and shown: an exception, or a milestone of a shipment that is not booked yet, or cancelled. While the
    /// carrier is being called to cancel or amend it, the result of the call decides what the report means.
    Kept,
}
