//! E-mail addresses: what identifies an account, and where the customer of an order can be reached.

use serde::Serialize;
use std::fmt;
use std::str::FromStr;

const EMAIL_LENGTH_MAX: usize = 254;
const LOCAL_PART_LENGTH_MAX: usize = 64;

/// Lower-cased ASCII, `local@domain`. Not verified: mail to it may not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address must look like name@example.com, in ASCII, with at most {EMAIL_LENGTH_MAX} characters")]
pub struct EmailError;

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let good = text.len() <= EMAIL_LENGTH_MAX && is_local_part(local) && is_domain(domain);
        if good { Ok(Self(text.to_ascii_lowercase())) } else { Err(EmailError) }
    }
}

fn is_local_part(local: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    (1..=LOCAL_PART_LENGTH_MAX).contains(&local.len()) && local.bytes().all(legal)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_one_account_however_it_is_written() {
        let email: Email = " Customer+Test@Orders.LOCAL ".parse().expect("an address");
        assert_eq!(email.as_str(), "customer+test@orders.local");
    }

    #[test]
    fn malformed_addresses_are_refused() {
        let long = format!("{}@example.com", "x".repeat(65));
        for bad in [
            "",
            "@",
            "a@b",
            "@example.com",
            "a b@example.com",
            "a@exa mple.com",
            "a@-x.com",
            "a@x..com",
            "nul\0@x.com",
            "ä@x.com",
            &long,
        ] {
            assert_eq!(bad.parse::<Email>(), Err(EmailError), "{bad}");
        }
    }
}
