//! Addresses and contacts of orders, in request and response bodies. Errors never repeat a value of them.

use crate::body::{Field, Members, personal};
use domain::email::Email;
use domain::order::{AddressText, Contact, Country, Phone, ShipTo};
use serde::Serialize;
use utoipa::ToSchema;

/// Where the goods go.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShipToBody {
    #[schema(example = "Jane Doe", min_length = 1, max_length = 100)]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Doe Ltd", min_length = 1, max_length = 100)]
    company: Option<String>,
    #[schema(example = "10 Main Street", min_length = 1, max_length = 200)]
    line1: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Second floor", min_length = 1, max_length = 200)]
    line2: Option<String>,
    #[schema(example = "Springfield", min_length = 1, max_length = 100)]
    city: String,
    /// A state, province or county.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "IL", min_length = 1, max_length = 100)]
    region: Option<String>,
    /// Some countries have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "62701", min_length = 1, max_length = 20)]
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "US", pattern = "^[A-Za-z]{2}$")]
    country: String,
}

/// How to reach the customer: at least one of the two.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "jane@example.com")]
    email: Option<String>,
    /// E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+15551234567", pattern = r"^\+[1-9][0-9]{6,14}$")]
    phone: Option<String>,
}

pub fn read_ship_to(field: Field<'_>) -> Option<ShipTo> {
    field.members(|members: &mut Members<'_>| {
        let name = members.required("name", personal);
        let company = members.optional("company", personal);
        let line1 = members.required("line1", personal);
        let line2 = members.optional("line2", personal);
        let city = members.required("city", personal);
        let region = members.optional("region", personal);
        let postal_code = members.optional("postal_code", personal);
        let country = members.required("country", personal::<Country>);
        Some(ShipTo {
            name: name?,
            company: company?,
            line1: line1?,
            line2: line2?,
            city: city?,
            region: region?,
            postal_code: postal_code?,
            country: country?,
        })
    })
}

pub fn read_contact(field: Field<'_>) -> Option<Contact> {
    field.members(|members: &mut Members<'_>| {
        let email = members.optional("email", personal::<Email>);
        let phone = members.optional("phone", personal::<Phone>);
        let contact = Contact::new(email?, phone?);
        contact.map_or_else(|_neither| members.refuse("`contact` must have `email` or `phone`"), Some)
    })
}

impl From<ShipTo> for ShipToBody {
    fn from(ship_to: ShipTo) -> Self {
        Self {
            name: ship_to.name.as_str().to_owned(),
            company: ship_to.company.as_ref().map(owned),
            line1: ship_to.line1.as_str().to_owned(),
            line2: ship_to.line2.as_ref().map(owned),
            city: ship_to.city.as_str().to_owned(),
            region: ship_to.region.as_ref().map(owned),
            postal_code: ship_to.postal_code.as_ref().map(owned),
            country: ship_to.country.code().to_owned(),
        }
    }
}

fn owned<const MAX: usize>(text: &AddressText<MAX>) -> String {
    text.as_str().to_owned()
}

impl From<Contact> for ContactBody {
    fn from(contact: Contact) -> Self {
        Self {
            email: contact.email().map(|email| email.as_str().to_owned()),
            phone: contact.phone().map(|phone| phone.as_str().to_owned()),
        }
    }
}
