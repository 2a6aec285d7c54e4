//! A message of a dead queue, with the properties and headers that it was published with.

use crate::broker::{attempt, message_id};
use crate::envelope::Header;
use crate::topology::ERROR_HEADER;
use domain::ids::MessageId;
use domain::messages::Queue;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::Value;

/// The error of a message without an error header: the broker itself dead-lettered it.
const DEAD_LETTERED_BY_BROKER: &str =
    "the broker dead-lettered it: it was delivered too often, and its consumer disconnected each time";
/// How deep nested tables and arrays in headers are converted to JSON.
const DEPTH_MAX: usize = 8;

/// A message that no consumer could handle.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The work queue whose consumers could not handle it.
    pub queue: Queue,
    pub message_id: MessageId,
    /// The AMQP property `type`; empty when there is none.
    pub type_name: String,
    /// The header of its envelope; `None` when it can't be parsed.
    pub header: Option<Header>,
    pub payload: Vec<u8>,
    /// The AMQP headers as JSON.
    pub headers: Value,
    pub error: String,
    /// How often it was handled since it was last published or replayed.
    pub attempts: u32,
}

impl DeadLetter {
    pub(super) fn of(queue: Queue, raw: &Delivery) -> Self {
        let properties = &raw.properties;
        let headers = properties.headers().as_ref();
        let error = headers.and_then(|headers| headers.inner().get(ERROR_HEADER)).and_then(text);
        Self {
            queue,
            message_id: message_id(raw),
            type_name: properties.kind().as_ref().map(ToString::to_string).unwrap_or_default(),
            header: serde_json::from_slice(&raw.data).ok(),
            payload: raw.data.clone(),
            headers: headers.map_or(Value::Null, |headers| table(headers, DEPTH_MAX)),
            error: error.unwrap_or_else(|| DEAD_LETTERED_BY_BROKER.to_owned()),
            attempts: attempt(raw),
        }
    }
}

fn text(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

fn table(fields: &FieldTable, depth: usize) -> Value {
    let members = fields.inner().iter().map(|(name, value)| (name.to_string(), json(value, depth)));
    Value::Object(members.collect())
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
