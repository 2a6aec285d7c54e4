//! The fingerprint of a failure: the same for the same cause, for example with two orders.

use sha2::{Digest, Sha256};

/// Hex digits of a fingerprint: enough to distinguish causes.
const LENGTH: usize = 12;

/// Hashes the queue, the message type and the normalized error.
pub(super) fn fingerprint(queue: &str, type_name: &str, error: &str) -> String {
    let normalized = format!("{queue}\n{type_name}\n{}", normalize(error));
    hex::encode(Sha256::digest(normalized.as_bytes()))[..LENGTH].to_owned()
}

/// Replaces every word with a digit in it (a number, an id, a time) by `#`.
fn normalize(error: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let mut normalized = String::with_capacity(error.len());
    let mut rest = error;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) { rest.find(|letter| !is_word(letter)) } else { Some(first.len_utf8()) };
        let (word, tail) = rest.split_at(end.unwrap_or(rest.len()));
        normalized.push_str(if word.contains(|letter: char| letter.is_ascii_digit()) { "#" } else { word });
        rest = tail;
    }
    normalized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_digits_are_replaced() {
        let normalized = normalize("order 019ab1c2-0000-7000-8000-00000000000a: 3 units of SKU-7 at 12:30, näm");
        assert_eq!(normalized, "order #: # units of # at #:#, näm");
    }

    #[test]
    fn the_same_cause_has_the_same_fingerprint_and_another_cause_another() {
        let one = fingerprint("inventory", "inventory.reserve.v1", "no row 17");
        assert_eq!(one, fingerprint("inventory", "inventory.reserve.v1", "no row 18"));
        assert_eq!(one.len(), LENGTH);
        assert_ne!(one, fingerprint("inventory", "inventory.reserve.v1", "no column 17"));
        assert_ne!(one, fingerprint("payments", "inventory.reserve.v1", "no row 17"));
    }
}
