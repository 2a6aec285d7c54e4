//! Signatures of messages: HMAC-SHA-256 (RFC 2104) of the payload, in the header `x-signature` as 64 hexadecimal
//! digits. A process that can publish to the broker but lacks the key cannot send commands.
//!
//! The payload is the whole envelope with its id, type and order, so a signature fits no other message. A signed
//! message that is published a second time is dropped by the inbox of its consumer.

use hmac::{Hmac, KeyInit, Mac};
use lapin::BasicProperties;
use lapin::types::AMQPValue;
use platform::config::MessageSigningArgs;
use sha2::Sha256;

const SIGNATURE_HEADER: &str = "x-signature";

/// Signs and verifies messages. Without a key it does neither. Cheap to clone.
#[derive(Clone)]
pub struct MessageSigner {
    key: Option<Hmac<Sha256>>,
    previous: Option<Hmac<Sha256>>,
    required: bool,
}

impl MessageSigner {
    pub(super) fn new(args: &MessageSigningArgs) -> Self {
        let keyed = |key: &str| Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
        Self {
            key: args.key().map(keyed),
            previous: args.previous_key().map(keyed),
            required: args.message_signatures_required,
        }
    }

    /// The header of a message with this payload; `None` without a key.
    pub(super) fn header(&self, payload: &[u8]) -> Option<(&'static str, AMQPValue)> {
        let mac = self.key.clone()?.chain_update(payload).finalize();
        Some((SIGNATURE_HEADER, AMQPValue::LongString(hex::encode(mac.into_bytes()).into())))
    }

    /// `Err` with the reason why the message is poison: its signature is wrong, or required and missing.
    pub(crate) fn verify(&self, properties: &BasicProperties, payload: &[u8]) -> Result<(), &'static str> {
        let Some(key) = &self.key else { return Ok(()) };
        let header = properties.headers().as_ref().and_then(|headers| headers.inner().get(SIGNATURE_HEADER));
        let signature = match header {
            None if self.required => return Err("unsigned: the header x-signature is missing"),
            None => return Ok(()),
            Some(AMQPValue::LongString(text)) => hex::decode(text.as_bytes()).unwrap_or_default(),
            Some(_) => Vec::new(),
        };
        let fits = |key: &Hmac<Sha256>| key.clone().chain_update(payload).verify_slice(&signature).is_ok();
        let is_valid = fits(key) || self.previous.as_ref().is_some_and(fits);
        is_valid.then_some(()).ok_or("forged: x-signature does not fit the message, or its key is not known here")
    }
}

impl std::fmt::Debug for MessageSigner {
    /// Without the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageSigner").field("required", &self.required).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapin::types::FieldTable;

    const OLD: &str = "9f2c81d0a4b7e365c8f01b2d94ea7c53";
    const NEW: &str = "0b7de1f6a29c4583f1e06d7b92c8a450";

    fn signer(key: &str, previous: &str, required: bool) -> MessageSigner {
        MessageSigner::new(&MessageSigningArgs {
            message_signing_key: Some(key.into()),
            message_signing_key_previous: Some(previous.into()),
            message_signatures_required: required,
        })
    }

    fn signed_by(signer: &MessageSigner, payload: &[u8]) -> BasicProperties {
        let mut headers = FieldTable::default();
        if let Some((name, value)) = signer.header(payload) {
            headers.insert(name.into(), value);
        }
        BasicProperties::default().with_headers(headers)
    }

    #[test]
    fn a_message_signed_with_the_key_or_the_previous_one_is_accepted() {
        let (old, new) = (signer(OLD, "", true), signer(NEW, OLD, true));

        assert_eq!(old.verify(&signed_by(&old, b"{}"), b"{}"), Ok(()));
        assert_eq!(new.verify(&signed_by(&old, b"{}"), b"{}"), Ok(()));
        assert_eq!(new.verify(&signed_by(&new, b"{}"), b"{}"), Ok(()));
    }

    #[test]
    fn a_changed_message_and_one_signed_with_another_key_are_refused() {
        let (old, new) = (signer(OLD, "", false), signer(NEW, "", false));

        assert!(old.verify(&signed_by(&old, b"{}"), b"{ }").is_err());
        assert!(new.verify(&signed_by(&old, b"{}"), b"{}").is_err());
        for value in
            [AMQPValue::LongString("no hex".into()), AMQPValue::LongString("".into()), AMQPValue::Boolean(true)]
        {
            let mut headers = FieldTable::default();
            headers.insert(SIGNATURE_HEADER.into(), value);
            assert!(new.verify(&BasicProperties::default().with_headers(headers), b"{}").is_err());
        }
    }

    #[test]
    fn an_unsigned_message_is_refused_only_when_signatures_are_required() {
        let unsigned = BasicProperties::default();

        assert!(signer(OLD, "", true).verify(&unsigned, b"{}").is_err());
        assert_eq!(signer(OLD, "", false).verify(&unsigned, b"{}"), Ok(()));
        assert_eq!(signer("", "", true).verify(&unsigned, b"{}"), Ok(()));
    }
}
