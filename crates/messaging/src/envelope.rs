//! The message envelope: a `CloudEvents` 1.0.2 event in JSON format (<https://github.com/cloudevents/spec>).
//!
//! `{"specversion", "source", "id", "type", "time", "subject", "partitionkey", "correlationid", "causationid",
//! "traceparent", "data"}`. `subject` and `partitionkey` are the order. `source` is `/orderflow/` and the slice that
//! publishes the message. Earlier versions wrote `correlation_id` and `causation_id`, which are still read.

use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::messages::Message;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The attributes of a message without its type and data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub id: MessageId,
    pub time: Timestamp,
    pub subject: OrderId,
    #[serde(flatten)]
    pub trace: Trace,
}

/// Correlates a message with the request and the message that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The `x-request-id` of the original request.
    #[serde(rename = "correlationid", alias = "correlation_id")]
    pub correlation_id: String,
    /// The message that caused this one.
    #[serde(rename = "causationid", alias = "causation_id", skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<MessageId>,
    /// W3C trace context of the request, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// A message that is to be published: [`crate::UnitOfWork`] stores it, and the relay publishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub message_id: MessageId,
    pub exchange: Cow<'static, str>,
    pub routing_key: String,
    pub type_name: Cow<'static, str>,
    /// The envelope as JSON, ready for the wire.
    pub payload: String,
}

const SPEC_VERSION: &str = "1.0";

#[derive(Serialize)]
struct Envelope<'a, M> {
    specversion: &'static str,
    source: String,
    partitionkey: OrderId,
    #[serde(flatten)]
    header: &'a Header,
    #[serde(flatten)]
    message: &'a M,
}

impl Outgoing {
    /// Wraps `message` about `order` in an envelope. Its id is derived from the order, the type and `discriminator`: a
    /// word or a number that distinguishes it from other messages of its type about the same order, such as a
    /// generation.
    ///
    /// # Panics
    /// Never: our messages are plain data, which can always be serialized to JSON.
    pub fn new<M: Message>(
        order: OrderId,
        message: &M,
        discriminator: impl std::fmt::Display,
        trace: Trace,
        now: Timestamp,
    ) -> Self {
        let type_name = message.type_name();
        let id = Self::id_of(order, type_name, discriminator);
        let header = Header { id, time: now, subject: order, trace };
        let source = format!("/orderflow/{}", message.publisher());
        let envelope = Envelope { specversion: SPEC_VERSION, source, partitionkey: order, header: &header, message };
        let payload = serde_json::to_string(&envelope).expect("messages are plain data");
        let (exchange, routing_key) = crate::topology::route(M::ADDRESS, type_name);
        Self { message_id: id, exchange: exchange.into(), routing_key, type_name: type_name.into(), payload }
    }
}

impl Outgoing {
    /// The id of the message with this type and `discriminator` about `order`.
    pub fn id_of(order: OrderId, type_name: &str, discriminator: impl std::fmt::Display) -> MessageId {
        MessageId::derive(order, &format!("{type_name}/{discriminator}"))
    }
}

impl Header {
    /// The trace of messages that this one causes.
    pub fn caused(&self) -> Trace {
        Trace { causation_id: Some(self.id), ..self.trace.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::messages::{InventoryCommand, ReleaseStock, Reply, StockReleased};
    use serde_json::Value;
    use uuid::Uuid;

    const ORDER: OrderId = OrderId::from_uuid(Uuid::from_u128(7));

    fn header() -> Header {
        let id = MessageId::from_uuid(Uuid::from_u128(8));
        let causation_id = Some(MessageId::from_uuid(Uuid::from_u128(9)));
        let traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
        let trace = Trace { correlation_id: "request".to_owned(), causation_id, traceparent };
        Header { id, time: Timestamp::UNIX_EPOCH, subject: ORDER, trace }
    }

    fn published<M: Message>(message: &M) -> Value {
        let outgoing = Outgoing::new(ORDER, message, 1, header().trace, Timestamp::UNIX_EPOCH);
        serde_json::from_str(&outgoing.payload).expect("JSON")
    }

    #[test]
    fn an_envelope_is_a_valid_cloud_event() {
        let schema = include_str!("cloudevents.schema.json");
        let schema = jsonschema::validator_for(&serde_json::from_str(schema).expect("JSON")).expect("a JSON schema");
        let command = published(&InventoryCommand::Release(ReleaseStock { order_id: ORDER }));
        let reply = published(&Reply::StockReleased(StockReleased { order_id: ORDER }));

        for (event, source) in [(&command, "/orderflow/orders"), (&reply, "/orderflow/inventory")] {
            let problems: Vec<String> = schema.iter_errors(event).map(|problem| problem.to_string()).collect();
            assert_eq!(problems, [] as [String; 0], "{event}");
            assert_eq!((&event["source"], &event["partitionkey"]), (&source.into(), &event["subject"]));
        }
        let names: Vec<&str> = command.as_object().expect("an object").keys().map(String::as_str).collect();
        assert!(names.contains(&"causationid") && names.contains(&"traceparent"), "{names:?}");
    }

    #[test]
    fn a_name_with_an_underscore_is_no_cloud_event() {
        let schema = serde_json::from_str(include_str!("cloudevents.schema.json")).expect("JSON");
        let mut event = published(&InventoryCommand::Release(ReleaseStock { order_id: ORDER }));
        assert!(jsonschema::is_valid(&schema, &event));

        event["correlation_id"] = "request".into();

        assert!(!jsonschema::is_valid(&schema, &event));
    }

    #[test]
    fn an_envelope_of_the_versions_before_cloud_events_is_read() {
        let old = r#"{"id":"00000000-0000-0000-0000-000000000008","type":"inventory.released.v1",
            "time":"1970-01-01T00:00:00Z","subject":"00000000-0000-0000-0000-000000000007","correlation_id":"request",
            "causation_id":"00000000-0000-0000-0000-000000000009",
            "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","data":{}}"#;

        assert_eq!(serde_json::from_str::<Header>(old).expect("a header"), header());
    }

    #[test]
    fn a_header_that_is_written_is_read() {
        let written = serde_json::to_string(&header()).expect("JSON");

        assert_eq!(serde_json::from_str::<Header>(&written).expect("a header"), header());
    }
}
