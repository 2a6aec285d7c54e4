//! A message as it was found in a dead queue.

use crate::consumer::decode::attempt;
use crate::envelope::Header;
use crate::topology::ERROR_HEADER;
use domain::ids::MessageId;
use domain::messages::Queue;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::Value;
use uuid::Uuid;

/// Why, when the message does not say: then it was the broker that gave it up.
const GIVEN_UP: &str = "the broker gave it up: it was delivered too often, and each time its reader went away";
/// How deep a header's tables are told.
const DEPTH_MAX: usize = 8;

#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Where it died.
    pub queue: Queue,
    pub message_id: MessageId,
    /// Its type, as it says itself; empty when it says nothing.
    pub type_name: String,
    /// What its envelope says, if it has a readable one.
    pub header: Option<Header>,
    pub payload: Vec<u8>,
    /// Those that it was published with, as JSON.
    pub headers: Value,
    pub error: String,
    /// How often it was tried in this life.
    pub attempts: u32,
}

impl DeadLetter {
    pub(super) fn of(queue: Queue, raw: &Delivery) -> Self {
        let properties = &raw.properties;
        let headers = properties.headers().as_ref();
        let stated = headers.and_then(|headers| headers.inner().get(ERROR_HEADER)).and_then(text);
        Self {
            queue,
            message_id: message_id(raw),
            type_name: properties.kind().as_ref().map(ToString::to_string).unwrap_or_default(),
            header: serde_json::from_slice(&raw.data).ok(),
            payload: raw.data.clone(),
            headers: headers.map_or(Value::Null, |headers| table(headers, DEPTH_MAX)),
            error: stated.unwrap_or_else(|| GIVEN_UP.to_owned()),
            attempts: attempt(raw),
        }
    }
}

/// The id it came with, or else its envelope's; one that has none is told apart by what it holds.
pub(crate) fn message_id(raw: &Delivery) -> MessageId {
    let stated = raw.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok());
    let in_envelope = || serde_json::from_slice(&raw.data).ok().map(|header: Header| header.id);
    let stated = stated.or_else(in_envelope);
    stated.unwrap_or_else(|| MessageId::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, &raw.data)))
}

fn text(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

fn table(fields: &FieldTable, depth: usize) -> Value {
    let told = fields.inner().iter().map(|(name, value)| (name.to_string(), json(value, depth)));
    Value::Object(told.collect())
}

fn json(value: &AMQPValue, depth: usize) -> Value {
    match value {
        AMQPValue::Boolean(yes) => (*yes).into(),
        AMQPValue::ShortShortInt(number) => (*number).into(),
        AMQPValue::ShortShortUInt(number) => (*number).into(),
        AMQPValue::ShortInt(number) => (*number).into(),
        AMQPValue::ShortUInt(number) => (*number).into(),
        AMQPValue::LongInt(number) => (*number).into(),
        AMQPValue::LongUInt(number) => (*number).into(),
        AMQPValue::LongLongInt(number) => (*number).into(),
        AMQPValue::Timestamp(seconds) => (*seconds).into(),
        AMQPValue::Float(number) => (*number).into(),
        AMQPValue::Double(number) => (*number).into(),
        AMQPValue::FieldArray(values) if depth > 0 => {
            values.as_slice().iter().map(|value| json(value, depth - 1)).collect()
        }
        AMQPValue::FieldTable(fields) if depth > 0 => table(fields, depth - 1),
        other => text(other).map_or(Value::Null, Value::String),
    }
}
