//! Where goods go, and where warehouses are, as precisely as the allocation needs it: a country, and its region.
//!
//! Part of a customer's address, so the `Debug` forms contain none of it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const REGION_LENGTH_MAX: usize = 3;

/// An ISO 3166-1 country, as its alpha-2 code in capital letters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(String);

/// The part of an ISO 3166-2 code after the country: 1 to 3 letters or digits, in capital letters. Addresses may name
/// their region otherwise; such a text may be personal, and is not a region here.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Location {
    pub country: Country,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
}

/// How near two locations are, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proximity {
    SameRegion,
    SameCountry,
    Elsewhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLocation {
    #[error("a country must be an ISO 3166-1 alpha-2 code, such as `DE`")]
    Country,
    #[error(
        "a region must be the part of an ISO 3166-2 code after the country, 1 to 3 letters or digits, such as `NV`"
    )]
    Region,
}

impl Location {
    pub fn proximity(&self, other: &Self) -> Proximity {
        if self.country != other.country {
            return Proximity::Elsewhere;
        }
        match (&self.region, &other.region) {
            (Some(one), Some(other)) if one == other => Proximity::SameRegion,
            _ => Proximity::SameCountry,
        }
    }
}

impl Country {
    pub fn code(&self) -> &str {
        &self.0
    }
}

impl Region {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// In either case.
impl FromStr for Country {
    type Err = BadLocation;

    fn from_str(code: &str) -> Result<Self, BadLocation> {
        let code = code.to_ascii_uppercase();
        match code.parse() {
            Ok(iso_country::Country::Unspecified) | Err(_) => Err(BadLocation::Country),
            Ok(_) => Ok(Self(code)),
        }
    }
}

/// In either case.
impl FromStr for Region {
    type Err = BadLocation;

    fn from_str(code: &str) -> Result<Self, BadLocation> {
        let is_code = (1..=REGION_LENGTH_MAX).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_code { Ok(Self(code.to_ascii_uppercase())) } else { Err(BadLocation::Region) }
    }
}

impl TryFrom<String> for Country {
    type Error = BadLocation;

    fn try_from(code: String) -> Result<Self, BadLocation> {
        code.parse()
    }
}

impl TryFrom<String> for Region {
    type Error = BadLocation;

    fn try_from(text: String) -> Result<Self, BadLocation> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Country").finish_non_exhaustive()
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("DE", Some("DE"))]
    #[case("gb", Some("GB"))]
    #[case("UK", None)]
    #[case("DEU", None)]
    #[case("ZZ", None)]
    #[case("", None)]
    fn a_country_is_an_iso_code(#[case] code: &str, #[case] kept: Option<&str>) {
        assert_eq!(code.parse::<Country>().as_ref().ok().map(Country::code), kept);
    }

    #[rstest]
    #[case(("US", Some("NV")), Proximity::SameRegion)]
    #[case(("US", Some("nv")), Proximity::SameRegion)]
    #[case(("US", Some("OH")), Proximity::SameCountry)]
    #[case(("US", None), Proximity::SameCountry)]
    #[case(("MX", Some("NV")), Proximity::Elsewhere)]
    fn a_region_is_near_only_within_its_country(#[case] other: (&str, Option<&str>), #[case] proximity: Proximity) {
        let location = |(country, region): (&str, Option<&str>)| Location {
            country: country.parse().expect("a country"),
            region: region.map(|region| region.parse().expect("a region")),
        };
        assert_eq!(location(("US", Some("NV"))).proximity(&location(other)), proximity);
        assert_eq!(location(other).proximity(&location(("US", Some("NV")))), proximity);
    }

    #[rstest]
    #[case("nv", Some("NV"))]
    #[case("13", Some("13"))]
    #[case("Nevada", None)]
    #[case("N V", None)]
    #[case("", None)]
    fn a_region_is_a_code(#[case] code: &str, #[case] kept: Option<&str>) {
        assert_eq!(code.parse::<Region>().as_ref().ok().map(Region::as_str), kept);
    }

    #[test]
    fn the_debug_form_contains_no_location() {
        let location = Location { country: "DE".parse().expect("it"), region: Some("HE".parse().expect("it")) };
        let shown = format!("{location:?}");
        assert!(!["DE", "HE"].iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
