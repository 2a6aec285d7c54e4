//! The message envelope: the attributes of `CloudEvents` 1.0 that we use, as one JSON object.
//!
//! `{"id", "type", "time", "subject", "correlation_id", "causation_id", "traceparent", "data"}`; `subject` is the
//! order.

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
    pub correlation_id: String,
    /// The message that caused this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<MessageId>,
    /// W3C trace context of the request, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// A message that is to be published: [`crate::outbox::append`] stores it, and the relay publishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub message_id: MessageId,
    pub exchange: Cow<'static, str>,
    pub routing_key: String,
    pub type_name: Cow<'static, str>,
    /// The envelope as JSON, ready for the wire.
    pub payload: String,
}

#[derive(Serialize)]
struct Envelope<'a, M> {
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
        let payload = serde_json::to_string(&Envelope { header: &header, message }).expect("messages are plain data");
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
