//! From bytes to a command; what can't be read is poison.

use crate::envelope::Header;
use crate::handle::Delivery;
use crate::topology::ATTEMPT_HEADER;
use lapin::types::AMQPValue;
use serde::de::DeserializeOwned;

/// A message of ours is a few hundred bytes; one with a hundred lines stays below 16 KiB.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The message, or why it can't be one.
pub(super) fn decode<C: DeserializeOwned>(raw: &lapin::message::Delivery) -> Result<Delivery<C>, String> {
    if raw.data.len() > BODY_BYTES_MAX {
        return Err(format!("undecodable: {} bytes are more than {BODY_BYTES_MAX}", raw.data.len()));
    }
    // Two readings of a few hundred bytes cost less than one that buffers: the header skips type and data, the command
    // skips the rest.
    let header: Header = serde_json::from_slice(&raw.data).map_err(|error| format!("undecodable: {error}"))?;
    let command: C = serde_json::from_slice(&raw.data).map_err(|error| format!("undecodable: {error}"))?;
    Ok(Delivery { header, attempt: attempt(raw), command })
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
