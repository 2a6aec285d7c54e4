//! Who receives an order, where, and how to reach them. Personal data: the `Debug` forms contain none of it, so that it
//! can't get into a log.

use crate::email::Email;
use crate::location::{Country, Location};
use crate::text;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// E.164: the digits after the `+`. Seven are the shortest numbers in use.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// What the carrier has to know of an order. Absent parts are unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Recipient {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<ShipTo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// A postal address.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ShipTo {
    pub name: AddressText<100>,
    pub company: Option<AddressText<100>>,
    pub line1: AddressText<200>,
    pub line2: Option<AddressText<200>>,
    pub city: AddressText<100>,
    /// A state, province or county.
    pub region: Option<AddressText<100>>,
    /// Some countries have none.
    pub postal_code: Option<AddressText<20>>,
    pub country: Country,
}

/// An e-mail address, a phone number, or both.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Contact {
    email: Option<Email>,
    phone: Option<Phone>,
}

/// A part of an address: 1 to `MAX` visible characters on one line.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AddressText<const MAX: usize>(String);

/// An E.164 phone number, such as `+4930901820`.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Phone(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRecipient {
    #[error("a part of an address must be 1 to {0} visible characters on one line")]
    Text(usize),
    #[error("a phone number must be in the form of E.164: `+`, country code and number, 7 to 15 digits")]
    Phone,
    #[error("a contact must have `email` or `phone`")]
    Contact,
}

impl Recipient {
    pub const fn is_unknown(&self) -> bool {
        self.ship_to.is_none() && self.contact.is_none()
    }
}

impl ShipTo {
    /// The part of the address that decides which warehouse is near.
    pub fn location(&self) -> Location {
        let region = self.region.as_ref().and_then(|region| region.as_str().parse().ok());
        Location { country: self.country.clone(), region }
    }
}

impl Contact {
    pub fn new(email: Option<Email>, phone: Option<Phone>) -> Result<Self, BadRecipient> {
        if email.is_none() && phone.is_none() { Err(BadRecipient::Contact) } else { Ok(Self { email, phone }) }
    }

    pub const fn email(&self) -> Option<&Email> {
        self.email.as_ref()
    }

    pub const fn phone(&self) -> Option<&Phone> {
        self.phone.as_ref()
    }
}

impl<const MAX: usize> AddressText<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for AddressText<MAX> {
    type Err = BadRecipient;

    fn from_str(text: &str) -> Result<Self, BadRecipient> {
        text::one_line(text, MAX).map(Self).ok_or(BadRecipient::Text(MAX))
    }
}

impl Phone {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = BadRecipient;

    fn from_str(text: &str) -> Result<Self, BadRecipient> {
        let digits = text.strip_prefix('+').ok_or(BadRecipient::Phone)?;
        let good = PHONE_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if good { Ok(Self(text.to_owned())) } else { Err(BadRecipient::Phone) }
    }
}

impl fmt::Debug for ShipTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShipTo").finish_non_exhaustive()
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").finish_non_exhaustive()
    }
}

impl<const MAX: usize> fmt::Debug for AddressText<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressText").finish_non_exhaustive()
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phone").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("10 Downing Street", Some("10 Downing Street"))]
    #[case(" Musterstraße 5 ", Some("Musterstraße 5"))]
    #[case("", None)]
    #[case("two\nlines", None)]
    #[case("a name that is much too long for it", None)]
    fn a_part_of_an_address_is_short_and_on_one_line(#[case] text: &str, #[case] kept: Option<&str>) {
        let parsed = text.parse::<AddressText<20>>();
        assert_eq!(parsed.as_ref().ok().map(AddressText::as_str), kept);
    }

    #[rstest]
    #[case("+4930901820", true)]
    #[case("+15551234567", true)]
    #[case("4930901820", false)]
    #[case("+0930901820", false)]
    #[case("+49 30 901820", false)]
    #[case("+123456", false)]
    #[case("+1234567890123456", false)]
    fn a_phone_number_is_in_the_form_of_e164(#[case] text: &str, #[case] good: bool) {
        assert_eq!(text.parse::<Phone>().is_ok(), good);
    }

    #[test]
    fn a_contact_has_at_least_one_address() {
        assert_eq!(Contact::new(None, None), Err(BadRecipient::Contact));
        assert!(Contact::new(None, Some("+15551234567".parse().unwrap())).is_ok());
        assert!(Contact::new(Some("jane@example.com".parse().unwrap()), None).is_ok());
    }

    #[test]
    fn the_debug_form_contains_nothing_personal() {
        let text = || "Secret".parse().unwrap();
        let ship_to = ShipTo {
            name: text(),
            company: Some(text()),
            line1: "Secret".parse().unwrap(),
            line2: None,
            city: text(),
            region: None,
            postal_code: Some("Secret".parse().unwrap()),
            country: "DE".parse().unwrap(),
        };
        let contact = Contact::new(Some("secret@example.com".parse().unwrap()), None).unwrap();
        let parts = format!("{:?} {:?} {:?}", ship_to.name, ship_to.country, "+15551234567".parse::<Phone>().unwrap());
        let shown = format!("{:?} {parts}", Recipient { ship_to: Some(ship_to), contact: Some(contact) });
        assert!(!["ecret", "DE", "555"].iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
