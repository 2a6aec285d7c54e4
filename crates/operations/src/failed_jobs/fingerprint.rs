//! What failures have in common: the same trouble with two orders has one fingerprint.

use sha2::{Digest, Sha256};

/// Hex digits of a fingerprint: enough to tell kinds of failure apart.
const LENGTH: usize = 12;

/// Of the queue, the type, and the error without what differs from case to case.
pub(crate) fn fingerprint(queue: &str, type_name: &str, error: &str) -> String {
    let told = format!("{queue}\n{type_name}\n{}", without_particulars(error));
    hex::encode(Sha256::digest(told.as_bytes()))[..LENGTH].to_owned()
}

/// Every word with a digit in it (a number, an id, a time) becomes `#`.
fn without_particulars(error: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let mut told = String::with_capacity(error.len());
    let mut rest = error;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) { rest.find(|letter| !is_word(letter)) } else { Some(first.len_utf8()) };
        let (word, tail) = rest.split_at(end.unwrap_or(rest.len()));
        told.push_str(if word.contains(|letter: char| letter.is_ascii_digit()) { "#" } else { word });
        rest = tail;
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_case_to_case_is_left_out() {
        let told = without_particulars("order 019ab1c2-0000-7000-8000-00000000000a: 3 pieces of SKU-7 at 12:30, näm");
        assert_eq!(told, "order #: # pieces of # at #:#, näm");
    }

    #[test]
    fn the_same_trouble_has_one_fingerprint_and_another_trouble_another() {
        let one = fingerprint("inventory", "inventory.reserve.v1", "no row 17");
        assert_eq!(one, fingerprint("inventory", "inventory.reserve.v1", "no row 18"));
        assert_eq!(one.len(), LENGTH);
        assert_ne!(one, fingerprint("inventory", "inventory.reserve.v1", "no column 17"));
        assert_ne!(one, fingerprint("payments", "inventory.reserve.v1", "no row 17"));
    }
}
