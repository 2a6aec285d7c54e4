//! Money in request and response bodies.

use crate::body::{Field, Members, integer_within, parsed};
use domain::money::Money;
use serde::Serialize;
use utoipa::ToSchema;

/// An amount in whole minor units.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct MoneyBody {
    /// In the currency's minor unit: 1999 in USD is 19.99 dollars.
    #[schema(example = 1999, minimum = 0)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: &'static str,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self { amount_minor: money.amount_minor, currency: money.currency.code() }
    }
}

pub fn read(field: Field<'_>) -> Option<Money> {
    field.members(|members: &mut Members<'_>| {
        let amount_minor = members.required("amount_minor", |field| integer_within(field, 0..=i64::MAX));
        let currency = members.required("currency", parsed);
        Money::new(amount_minor?, currency?).map_or_else(|error| members.refuse(error), Some)
    })
}
