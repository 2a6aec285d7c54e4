//! How a message is wrapped for its way: the attributes of `CloudEvents` 1.0 that we use, as one JSON object.
//!
//! `{"id", "type", "time", "subject", "correlation_id", "causation_id", "traceparent", "data"}`; `subject` is the order.

use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::messages::Message;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Everything about a message but what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub id: MessageId,
    pub time: Timestamp,
    pub subject: OrderId,
    #[serde(flatten)]
    pub trace: Trace,
}

/// What ties a message to the request and the message that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The `x-request-id` of the request that began it all.
    pub correlation_id: String,
    /// The message that this one answers or follows from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<MessageId>,
    /// W3C trace context of the request, passed on as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// A message on its way out: what [`crate::outbox::append`] stores and the relay publishes.
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
    /// Wraps `message` about `order`. Its id derives from the order, its type and `work`: a word or a number that
    /// tells this one from others of its type on the same order, such as a generation.
    ///
    /// # Panics
    /// Never: our messages are plain data, which always has a JSON form.
    pub fn new<M: Message>(
        order: OrderId,
        message: &M,
        work: impl std::fmt::Display,
        trace: Trace,
        now: Timestamp,
    ) -> Self {
        let type_name = message.type_name();
        let id = Self::id_of(order, type_name, work);
        let header = Header { id, time: now, subject: order, trace };
        let payload = serde_json::to_string(&Envelope { header: &header, message }).expect("messages are plain data");
        let (exchange, routing_key) = crate::topology::route(M::ADDRESS, type_name);
        Self { message_id: id, exchange: exchange.into(), routing_key, type_name: type_name.into(), payload }
    }
}

impl Outgoing {
    /// The id of the message of this type about `order` for this `work`.
    pub fn id_of(order: OrderId, type_name: &str, work: impl std::fmt::Display) -> MessageId {
        MessageId::derive(order, &format!("{type_name}/{work}"))
    }
}

impl Header {
    /// The trace of whatever follows from this message.
    pub fn caused(&self) -> Trace {
        Trace { causation_id: Some(self.id), ..self.trace.clone() }
    }
}
