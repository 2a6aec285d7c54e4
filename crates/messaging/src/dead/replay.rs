//! Sends a dead letter back.

use crate::envelope::Outgoing;
use domain::ids::MessageId;
use domain::messages::Queue;

/// The exchange that every queue is bound to by its name.
const DEFAULT_EXCHANGE: &str = "";

/// A message of ours is JSON; what is no text is none, and nobody could ever read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is not UTF-8 text, so it can never be handled; discard it")]
pub struct NotText;

/// The message as it was, with the id that it had, for the queue that it died in and no other. Its attempts are counted
/// anew. If it was handled after all, the inbox of its reader lets it go; what the inbox has forgotten, after two weeks,
/// finds in its slice that it is done.
pub fn replay(queue: Queue, message_id: MessageId, type_name: String, payload: Vec<u8>) -> Result<Outgoing, NotText> {
    let payload = String::from_utf8(payload).ok().filter(|text| !text.contains('\0')).ok_or(NotText)?;
    let routing_key = queue.to_string();
    Ok(Outgoing { message_id, exchange: DEFAULT_EXCHANGE.into(), routing_key, type_name: type_name.into(), payload })
}
