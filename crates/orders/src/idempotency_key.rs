//! Idempotency keys, and the fingerprints of the requests that they were used for.

use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

pub const KEY_LENGTH_MAX: usize = 255;

/// The caller's key for one request: 1 to 255 visible ASCII characters. The header may contain it bare or, as a string
/// of RFC 8941, in quotes: both are the same key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

/// SHA-256 of a request's canonical form: requests with the same fingerprint are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an `Idempotency-Key` must be 1 to {KEY_LENGTH_MAX} visible ASCII characters, bare or in quotes")]
pub struct BadIdempotencyKey;

impl IdempotencyKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = BadIdempotencyKey;

    fn from_str(header: &str) -> Result<Self, BadIdempotencyKey> {
        let text = header.trim_matches([' ', '\t']);
        let key = match text.strip_prefix('"') {
            Some(quoted) => unquoted(quoted).ok_or(BadIdempotencyKey)?,
            None => text.to_owned(),
        };
        let good = (1..=KEY_LENGTH_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if good { Ok(Self(key)) } else { Err(BadIdempotencyKey) }
    }
}

/// The text between the quotes; `quoted` begins after the first. A backslash may precede only a quote or a backslash.
fn unquoted(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut letters = quoted.chars();
    loop {
        match letters.next()? {
            '"' => return letters.as_str().is_empty().then_some(text),
            '\\' => text.push(letters.next().filter(|letter| matches!(letter, '"' | '\\'))?),
            letter => text.push(letter),
        }
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Fingerprint {
    /// The canonical form is the parsed request as JSON: white space and the order of members don't matter, everything
    /// else does.
    ///
    /// # Panics
    /// Never: requests are plain data.
    pub fn of(request: &impl Serialize) -> Self {
        let canonical = serde_json::to_vec(request).expect("requests are plain data");
        Self(Sha256::digest(canonical).into())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::inventory::AllocationPolicy;
    use domain::order::order_request::{OrderLines, OrderRequest};
    use domain::order::{Adjustments, OrderDetails};
    use domain::product::Line;

    #[test]
    fn a_key_is_the_same_bare_and_in_quotes() {
        let bare: IdempotencyKey = "order-2026-0001".parse().expect("a key");

        assert_eq!("\"order-2026-0001\"".parse(), Ok(bare.clone()));
        assert_eq!("  order-2026-0001 ".parse(), Ok(bare));
        assert_eq!(r#""a\"b\\c""#.parse::<IdempotencyKey>().expect("a key").as_str(), r#"a"b\c"#);
    }

    #[test]
    fn a_key_is_short_and_visible() {
        assert!("x".repeat(255).parse::<IdempotencyKey>().is_ok());
        let long = "x".repeat(256);
        for bad in
            ["", " ", "\"\"", "\" \"", "a b", "tab\tkey", "nul\0", "schlüssel", "\"open", "\"a\"b", r#""\n""#, &long]
        {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(BadIdempotencyKey), "{bad}");
        }
    }

    #[test]
    fn every_member_of_a_request_changes_its_fingerprint() {
        let line = |sku: &str, quantity: i64| Line {
            sku: sku.parse().expect("a SKU"),
            quantity: quantity.try_into().expect("a quantity"),
        };
        let request = |lines: Vec<Line>| OrderRequest {
            currency: None,
            lines: OrderLines::parse(lines).expect("lines"),
            payment_method: "sim_ok".parse().expect("a method"),
            note: None,
            details: OrderDetails::default(),
            adjustments: Adjustments::default(),
            allocation_policy: None,
        };
        let first = request(vec![line("A", 1), line("B", 2)]);

        let others = [
            request(vec![line("A", 1), line("B", 3)]),
            request(vec![line("B", 2), line("A", 1)]),
            OrderRequest { note: Some("Ring twice".parse().expect("a note")), ..first.clone() },
            OrderRequest { payment_method: "sim_declined".parse().expect("a method"), ..first.clone() },
            OrderRequest { allocation_policy: Some(AllocationPolicy::Nearest), ..first.clone() },
            OrderRequest { currency: Some("USD".parse().expect("a currency")), ..first.clone() },
            OrderRequest {
                details: OrderDetails { external_ref: Some("#1".parse().expect("it")), ..OrderDetails::default() },
                ..first.clone()
            },
            OrderRequest {
                adjustments: Adjustments { shipping_minor: 1.try_into().expect("it"), ..Adjustments::default() },
                ..first.clone()
            },
        ];

        assert_eq!(Fingerprint::of(&first), Fingerprint::of(&first.clone()));
        assert!(others.iter().all(|other| Fingerprint::of(other) != Fingerprint::of(&first)));
    }

    #[test]
    fn the_fingerprint_of_a_request_never_changes() {
        let lines = vec![Line { sku: "A".parse().expect("a SKU"), quantity: 1_i64.try_into().expect("a quantity") }];
        let lines = OrderLines::parse(lines).expect("lines");
        let request = OrderRequest {
            currency: None,
            lines,
            payment_method: "sim_ok".parse().expect("it"),
            note: None,
            details: OrderDetails::default(),
            adjustments: Adjustments::default(),
            allocation_policy: None,
        };

        let canonical = serde_json::to_string(&request).expect("plain data");

        // Keys are kept for days: a release that changes this form would refuse genuine repetitions with 422.
        assert_eq!(canonical, r#"{"lines":[{"sku":"A","quantity":1}],"payment_method":"sim_ok"}"#);
    }
}
