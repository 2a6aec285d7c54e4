//! What a raw delivery tells about itself: the id of its message, and how often that failed before.

use crate::envelope::Header;
use crate::topology::ATTEMPT_HEADER;
use domain::ids::MessageId;
use lapin::message::Delivery;
use lapin::types::AMQPValue;
use uuid::Uuid;

/// How often the message failed before, from our own header: the broker's delivery count differs between versions. An
/// invalid header counts as 0.
pub(crate) fn attempt(raw: &Delivery) -> u32 {
    let headers = raw.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get(ATTEMPT_HEADER)) {
        Some(AMQPValue::LongUInt(attempt)) => *attempt,
        Some(AMQPValue::LongInt(attempt)) => u32::try_from(*attempt).unwrap_or(0),
        Some(AMQPValue::LongLongInt(attempt)) => u32::try_from(*attempt).unwrap_or(0),
        _ => 0,
    }
}

/// The AMQP property `message_id`, or else the id in the envelope, or else an id that is derived from the payload.
pub(crate) fn message_id(raw: &Delivery) -> MessageId {
    let property = raw.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok());
    let in_envelope = || serde_json::from_slice(&raw.data).ok().map(|header: Header| header.id);
    property.or_else(in_envelope).unwrap_or_else(|| MessageId::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, &raw.data)))
}
