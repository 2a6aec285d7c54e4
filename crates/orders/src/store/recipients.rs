//! SQL of the recipients of orders, the only table with their personal data.

use super::RECIPIENTS;
use crate::error::StoreError;
use crate::placement::Placement;
use domain::Timestamp;
use domain::email::Email;
use domain::ids::OrderId;
use domain::order::{AddressText, Contact, Country, Phone, Recipient, ShipTo};
use platform::consistency::{Inconsistency, StoredRow};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;
use uuid::Uuid;

/// Inserts the recipients of these new orders, in one statement, or in none if they have none.
pub(crate) async fn insert(tx: &mut PgConnection, stored: &[&Placement], now: Timestamp) -> sqlx::Result<()> {
    let with_recipient: Vec<_> = stored.iter().filter(|placement| placement.order.has_recipient).copied().collect();
    if with_recipient.is_empty() {
        return Ok(());
    }
    let new = Columns::of(&with_recipient);
    sqlx::query!(
        "INSERT INTO orders.recipients (order_id, name, company, line1, line2, city, region, postal_code, country,
                                        email, phone, created_at)
         SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS name, unnest($3::text[]) AS company,
                unnest($4::text[]) AS line1, unnest($5::text[]) AS line2, unnest($6::text[]) AS city,
                unnest($7::text[]) AS region, unnest($8::text[]) AS postal_code, unnest($9::text[]) AS country,
                unnest($10::text[]) AS email, unnest($11::text[]) AS phone, $12 AS created_at",
        &new.order_id,
        &new.name as &[Option<&str>],
        &new.company as &[Option<&str>],
        &new.line1 as &[Option<&str>],
        &new.line2 as &[Option<&str>],
        &new.city as &[Option<&str>],
        &new.region as &[Option<&str>],
        &new.postal_code as &[Option<&str>],
        &new.country as &[Option<&str>],
        &new.email as &[Option<&str>],
        &new.phone as &[Option<&str>],
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The recipients of those of `orders` that have one which was not erased.
pub(crate) async fn find(
    connection: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, Recipient>, StoreError> {
    let ids: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT order_id, name, company, line1, line2, city, region, postal_code, country, email, phone
           FROM orders.recipients WHERE order_id = ANY($1)",
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let parsed = |row: Row| Ok((OrderId::from_uuid(row.order_id), row.parse()?));
    rows.into_iter().map(parsed).collect()
}

/// The recipients of a batch, by column.
struct Columns<'a> {
    order_id: Vec<Uuid>,
    name: Vec<Option<&'a str>>,
    company: Vec<Option<&'a str>>,
    line1: Vec<Option<&'a str>>,
    line2: Vec<Option<&'a str>>,
    city: Vec<Option<&'a str>>,
    region: Vec<Option<&'a str>>,
    postal_code: Vec<Option<&'a str>>,
    country: Vec<Option<&'a str>>,
    email: Vec<Option<&'a str>>,
    phone: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        let recipients = || placements.iter().map(|placement| &placement.new_order.details.recipient);
        let address = |part: fn(&ShipTo) -> Option<&str>| -> Vec<Option<&'a str>> {
            recipients().map(|recipient| recipient.ship_to.as_ref().and_then(part)).collect()
        };
        let contact = |part: fn(&Contact) -> Option<&str>| -> Vec<Option<&'a str>> {
            recipients().map(|recipient| recipient.contact.as_ref().and_then(part)).collect()
        };
        Self {
            order_id: placements.iter().map(|placement| placement.order.id.as_uuid()).collect(),
            name: address(|ship_to| Some(ship_to.name.as_str())),
            company: address(|ship_to| ship_to.company.as_ref().map(AddressText::as_str)),
            line1: address(|ship_to| Some(ship_to.line1.as_str())),
            line2: address(|ship_to| ship_to.line2.as_ref().map(AddressText::as_str)),
            city: address(|ship_to| Some(ship_to.city.as_str())),
            region: address(|ship_to| ship_to.region.as_ref().map(AddressText::as_str)),
            postal_code: address(|ship_to| ship_to.postal_code.as_ref().map(AddressText::as_str)),
            country: address(|ship_to| Some(ship_to.country.code())),
            email: contact(|contact| contact.email().map(Email::as_str)),
            phone: contact(|contact| contact.phone().map(Phone::as_str)),
        }
    }
}

struct Row {
    order_id: Uuid,
    name: Option<String>,
    company: Option<String>,
    line1: Option<String>,
    line2: Option<String>,
    city: Option<String>,
    region: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

impl Row {
    /// A row without a country has no address: a recipient may be a contact only.
    fn parse(self) -> Result<Recipient, Inconsistency> {
        let stored = StoredRow::new(RECIPIENTS, self.order_id);
        let country: Option<Country> = optional(&stored, "country", self.country)?;
        let ship_to = match country {
            None => None,
            Some(country) => Some(ShipTo {
                name: required(&stored, "name", self.name)?,
                company: optional(&stored, "company", self.company)?,
                line1: required(&stored, "line1", self.line1)?,
                line2: optional(&stored, "line2", self.line2)?,
                city: required(&stored, "city", self.city)?,
                region: optional(&stored, "region", self.region)?,
                postal_code: optional(&stored, "postal_code", self.postal_code)?,
                country,
            }),
        };
        let email = optional(&stored, "email", self.email)?;
        let contact = Contact::new(email, optional(&stored, "phone", self.phone)?).ok();
        Ok(Recipient { ship_to, contact })
    }
}

fn optional<T: FromStr<Err: Display>>(
    stored: &StoredRow<Uuid>,
    column: &'static str,
    value: Option<String>,
) -> Result<Option<T>, Inconsistency> {
    value.map(|value| stored.read_column(column, value.parse())).transpose()
}

fn required<T: FromStr<Err: Display>>(
    stored: &StoredRow<Uuid>,
    column: &'static str,
    value: Option<String>,
) -> Result<T, Inconsistency> {
    optional(stored, column, value)?.ok_or_else(|| stored.inconsistent(column, "an address without it"))
}
