//! Parses deliveries into commands. A message that has no valid signature, can't be parsed, or contradicts itself, is
//! poison.

use crate::Message;
use crate::broker::{MessageSigner, attempt};
use crate::envelope::Header;
use crate::handle::Delivery;
use domain::ids::MessageId;
use domain::messages::present_type_name;
use lapin::BasicProperties;
use lapin::types::ShortString;
use serde::de::DeserializeOwned;

/// Our messages are a few hundred bytes long; one with a hundred order lines stays below 16 KiB.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The parsed message, or the reason why it is poison.
pub(super) fn decode<C: DeserializeOwned + Message>(
    raw: &lapin::message::Delivery,
    signer: &MessageSigner,
) -> Result<Delivery<C>, String> {
    if raw.data.len() > BODY_BYTES_MAX {
        return Err(format!("undecodable: {} bytes are more than {BODY_BYTES_MAX}", raw.data.len()));
    }
    signer.verify(&raw.properties, &raw.data)?;
    // Parsing a few hundred bytes twice costs less than parsing once into a buffer: the header skips type and data, the
    // command skips the other fields.
    let header: Header = serde_json::from_slice(&raw.data).map_err(|error| format!("undecodable: {error}"))?;
    let command: C = serde_json::from_slice(&raw.data).map_err(|error| format!("undecodable: {error}"))?;
    check_consistency(&raw.properties, &header, &command)?;
    Ok(Delivery { header, attempt: attempt(raw), command })
}

/// The AMQP properties `message_id` and `type`, the envelope and the data must name the same message about the same
/// order. A missing property is no contradiction: tools publish without properties.
fn check_consistency(properties: &BasicProperties, header: &Header, command: &impl Message) -> Result<(), String> {
    let order_id = command.order_id();
    if order_id != header.subject {
        return Err(format!("contradiction: the subject is order {}, the data is about {order_id}", header.subject));
    }
    let id = properties.message_id().as_ref().map(ShortString::as_str);
    if id.is_some_and(|id| id.parse::<MessageId>().ok() != Some(header.id)) {
        return Err(format!("contradiction: the property message_id is not the envelope's id {}", header.id));
    }
    let kind = properties.kind().as_ref().map(ShortString::as_str).filter(|kind| !kind.is_empty());
    if kind.is_some_and(|kind| present_type_name(kind) != command.type_name()) {
        return Err(format!("contradiction: the property type is not the envelope's type {}", command.type_name()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outgoing, Trace};
    use domain::ids::OrderId;
    use domain::messages::{InventoryCommand, ReleaseStock, Reply, ReservationStale};
    use uuid::Uuid;

    const SUBJECT: OrderId = OrderId::from_uuid(Uuid::from_u128(7));
    const OTHER: OrderId = OrderId::from_uuid(Uuid::from_u128(8));

    fn check(properties: &BasicProperties, data_order: OrderId) -> Result<(), String> {
        let command = InventoryCommand::Release(ReleaseStock { order_id: data_order });
        let outgoing = Outgoing::new(SUBJECT, &command, 1, trace(), chrono::DateTime::UNIX_EPOCH);
        let header = serde_json::from_str(&outgoing.payload).expect("an envelope");
        check_consistency(properties, &header, &command)
    }

    fn trace() -> Trace {
        Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None }
    }

    fn id_of(order: OrderId) -> String {
        Outgoing::id_of(order, "inventory.release.v1", 1).to_string()
    }

    #[test]
    fn a_message_that_contradicts_itself_is_poison() {
        let complete = BasicProperties::default().with_message_id(id_of(SUBJECT).into());
        let complete = complete.with_type("inventory.release.v1".into());

        assert_eq!(check(&complete, SUBJECT), Ok(()));
        for (properties, data_order, named) in [
            (complete.clone(), OTHER, "subject"),
            (complete.clone().with_message_id(id_of(OTHER).into()), SUBJECT, "message_id"),
            (complete.clone().with_message_id("no id".into()), SUBJECT, "message_id"),
            (complete.with_type("inventory.reserve.v1".into()), SUBJECT, "type"),
        ] {
            let error = check(&properties, data_order).expect_err("the message contradicts itself");
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn a_message_under_its_old_type_name_is_no_contradiction() {
        let stale =
            Reply::ReservationStale(ReservationStale { order_id: SUBJECT, held_since: chrono::DateTime::UNIX_EPOCH });
        let outgoing = Outgoing::new(SUBJECT, &stale, 1, trace(), chrono::DateTime::UNIX_EPOCH);
        let old = outgoing.payload.replace("inventory.reservation_stale.v1", "inventory.held_long.v1");
        let properties = BasicProperties::default().with_type("inventory.held_long.v1".into());

        let read: Reply = serde_json::from_str(&old).expect("a reply");

        assert_eq!(read, stale);
        let header = serde_json::from_str(&old).expect("an envelope");
        assert_eq!(check_consistency(&properties, &header, &read), Ok(()));
    }

    #[test]
    fn missing_properties_are_no_contradiction() {
        assert_eq!(check(&BasicProperties::default(), SUBJECT), Ok(()));
        assert_eq!(check(&BasicProperties::default().with_type("".into()), SUBJECT), Ok(()));
    }
}
