//! Turns a dead letter into an outgoing message for the queue that it came from.

use crate::envelope::Outgoing;
use domain::ids::MessageId;
use domain::messages::Queue;

/// The exchange that binds every queue by its name.
const DEFAULT_EXCHANGE: &str = "";

/// Our messages are JSON. No consumer can ever parse a payload that is not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is not UTF-8 text, so it can never be handled; discard it")]
pub struct NotText;

/// Returns the message unchanged, with its id, for the queue that it came from and no other. Its attempts are counted
/// from zero. If it was handled after all, the inbox of its consumer skips it. The inbox forgets ids after two weeks;
/// the slice then finds the effect in its own tables.
pub fn replay(queue: Queue, message_id: MessageId, type_name: String, payload: Vec<u8>) -> Result<Outgoing, NotText> {
    let payload = String::from_utf8(payload).ok().filter(|text| !text.contains('\0')).ok_or(NotText)?;
    let routing_key = queue.to_string();
    Ok(Outgoing { message_id, exchange: DEFAULT_EXCHANGE.into(), routing_key, type_name: type_name.into(), payload })
}
