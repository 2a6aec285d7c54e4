//! From bytes to a command; what can't be read, or contradicts itself, is poison.

use crate::Message;
use crate::envelope::Header;
use crate::handle::Delivery;
use crate::topology::ATTEMPT_HEADER;
use domain::ids::MessageId;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, ShortString};
use serde::de::DeserializeOwned;

/// A message of ours is a few hundred bytes; one with a hundred lines stays below 16 KiB.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The message, or why it can't be one.
pub(super) fn decode<C: DeserializeOwned + Message>(raw: &lapin::message::Delivery) -> Result<Delivery<C>, String> {
    if raw.data.len() > BODY_BYTES_MAX {
        return Err(format!("undecodable: {} bytes are more than {BODY_BYTES_MAX}", raw.data.len()));
    }
    // Two readings of a few hundred bytes cost less than one that buffers: the header skips type and data, the command
    // skips the rest.
    let header: Header = serde_json::from_slice(&raw.data).map_err(|error| format!("undecodable: {error}"))?;
    let command: C = serde_json::from_slice(&raw.data).map_err(|error| format!("undecodable: {error}"))?;
    agree(&raw.properties, &header, &command)?;
    Ok(Delivery { header, attempt: attempt(raw), command })
}

/// The id and the type that the broker was told, the envelope and the data must name the same message about the same
/// order. A property that is missing contradicts nothing: tools publish without them.
fn agree(properties: &BasicProperties, header: &Header, command: &impl Message) -> Result<(), String> {
    let about = command.order_id();
    if about != header.subject {
        return Err(format!("contradiction: the subject is order {}, the data is about {about}", header.subject));
    }
    let id = properties.message_id().as_ref().map(ShortString::as_str);
    if id.is_some_and(|id| id.parse::<MessageId>().ok() != Some(header.id)) {
        return Err(format!("contradiction: the property message_id is not the envelope's id {}", header.id));
    }
    let kind = properties.kind().as_ref().map(ShortString::as_str).filter(|kind| !kind.is_empty());
    if kind.is_some_and(|kind| kind != command.type_name()) {
        return Err(format!("contradiction: the property type is not the envelope's type {}", command.type_name()));
    }
    Ok(())
}

/// How often the message failed before, by our own count; the broker's differs between versions. Nonsense counts as 0.
pub(crate) fn attempt(raw: &lapin::message::Delivery) -> u32 {
    let headers = raw.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get(ATTEMPT_HEADER)) {
        Some(AMQPValue::LongUInt(attempt)) => *attempt,
        Some(AMQPValue::LongInt(attempt)) => u32::try_from(*attempt).unwrap_or(0),
        Some(AMQPValue::LongLongInt(attempt)) => u32::try_from(*attempt).unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outgoing, Trace};
    use domain::ids::OrderId;
    use domain::messages::{InventoryCommand, ReleaseStock};
    use uuid::Uuid;

    const SUBJECT: OrderId = OrderId::from_uuid(Uuid::from_u128(7));
    const OTHER: OrderId = OrderId::from_uuid(Uuid::from_u128(8));

    fn read(properties: &BasicProperties, about: OrderId) -> Result<(), String> {
        let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
        let command = InventoryCommand::Release(ReleaseStock { order_id: about });
        let sent = Outgoing::new(SUBJECT, &command, 1, trace, chrono::DateTime::UNIX_EPOCH);
        let header = serde_json::from_str(&sent.payload).expect("an envelope");
        agree(properties, &header, &command)
    }

    fn id_of(order: OrderId) -> String {
        Outgoing::id_of(order, "inventory.release.v1", 1).to_string()
    }

    #[test]
    fn a_message_that_contradicts_itself_is_poison() {
        let whole = BasicProperties::default().with_message_id(id_of(SUBJECT).into());
        let whole = whole.with_type("inventory.release.v1".into());

        assert_eq!(read(&whole, SUBJECT), Ok(()));
        for (forged, about, named) in [
            (whole.clone(), OTHER, "subject"),
            (whole.clone().with_message_id(id_of(OTHER).into()), SUBJECT, "message_id"),
            (whole.clone().with_message_id("no id".into()), SUBJECT, "message_id"),
            (whole.with_type("inventory.reserve.v1".into()), SUBJECT, "type"),
        ] {
            let refused = read(&forged, about).expect_err("it contradicts itself");
            assert!(refused.contains(named), "{refused}");
        }
    }

    #[test]
    fn properties_that_are_missing_contradict_nothing() {
        assert_eq!(read(&BasicProperties::default(), SUBJECT), Ok(()));
        assert_eq!(read(&BasicProperties::default().with_type("".into()), SUBJECT), Ok(()));
    }
}
