//! Warehouses.

use crate::Timestamp;
use crate::applied::Applied;
use crate::ids::WarehouseId;
use crate::location::{Country, Location, Region};
use crate::text;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const CODE_LENGTH_MAX: usize = 32;
const NAME_LENGTH_MAX: usize = 200;

/// The short name of a warehouse: 1 to 32 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WarehouseCode(String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warehouse {
    pub id: WarehouseId,
    pub code: WarehouseCode,
    pub name: String,
    /// Of two warehouses that serve an order equally well, the one with the lower number is chosen.
    pub priority: i32,
    /// Where it is, if that is known.
    pub location: Option<Location>,
    /// `None` while it is open.
    pub closed: Option<Closure>,
}

/// When and why a warehouse was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    pub at: Timestamp,
    pub reason: String,
}

/// The fields to change; a field that is `None` keeps its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WarehouseChange {
    pub name: Option<String>,
    pub priority: Option<i32>,
    /// Another country without a region removes the region.
    pub country: Option<Country>,
    pub region: Option<Region>,
    pub closed: Option<bool>,
    /// Needed to close it or to open it again.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarehouseError {
    #[error("a warehouse code must be 1 to {CODE_LENGTH_MAX} letters, digits, dashes or underscores")]
    BadCode,
    #[error("a warehouse name must be 1 to {NAME_LENGTH_MAX} printable characters")]
    BadName,
    #[error("a reason must be given to close a warehouse or to open it again")]
    NoReason,
    #[error("a region must be given with its country")]
    NoCountry,
}

impl Warehouse {
    pub fn new(id: WarehouseId, code: WarehouseCode, name: &str, priority: i32) -> Result<Self, WarehouseError> {
        Ok(Self { id, code, name: legal_name(name)?, priority, location: None, closed: None })
    }

    pub fn located(self, country: Option<Country>, region: Option<Region>) -> Result<Self, WarehouseError> {
        Ok(Self { location: location(country, region)?, ..self })
    }

    /// A warehouse that is closed again keeps the time and the reason of its first closure.
    pub fn change(&self, change: &WarehouseChange, now: Timestamp) -> Result<Applied<Self>, WarehouseError> {
        let closed = match (change.closed, &self.closed, &change.reason) {
            (None, closed, _) => closed.clone(),
            (Some(_), _, None) => return Err(WarehouseError::NoReason),
            (Some(false), _, Some(_)) => None,
            (Some(true), Some(closure), Some(_)) => Some(closure.clone()),
            (Some(true), None, Some(reason)) => Some(Closure { at: now, reason: reason.clone() }),
        };
        let name = change.name.as_deref().map_or_else(|| Ok(self.name.clone()), legal_name)?;
        let priority = change.priority.unwrap_or(self.priority);
        let location = change.location(self.location.as_ref())?;
        let changed = Self { id: self.id, code: self.code.clone(), name, priority, location, closed };
        Ok(if changed == *self { Applied::Unchanged } else { Applied::Changed(changed) })
    }
}

impl WarehouseChange {
    fn location(&self, before: Option<&Location>) -> Result<Option<Location>, WarehouseError> {
        let kept = before.filter(|before| self.country.as_ref().is_none_or(|country| *country == before.country));
        let country = self.country.clone().or_else(|| kept.map(|kept| kept.country.clone()));
        let region = self.region.clone().or_else(|| kept.and_then(|kept| kept.region.clone()));
        location(country, region)
    }
}

/// The name of a region means nothing without its country.
fn location(country: Option<Country>, region: Option<Region>) -> Result<Option<Location>, WarehouseError> {
    match (country, region) {
        (Some(country), region) => Ok(Some(Location { country, region })),
        (None, Some(_)) => Err(WarehouseError::NoCountry),
        (None, None) => Ok(None),
    }
}

fn legal_name(name: &str) -> Result<String, WarehouseError> {
    text::one_line(name, NAME_LENGTH_MAX).ok_or(WarehouseError::BadName)
}

impl WarehouseCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WarehouseCode {
    type Err = WarehouseError;

    fn from_str(text: &str) -> Result<Self, WarehouseError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if text.is_empty() || text.len() > CODE_LENGTH_MAX || !text.bytes().all(legal) {
            return Err(WarehouseError::BadCode);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for WarehouseCode {
    type Error = WarehouseError;

    fn try_from(text: String) -> Result<Self, WarehouseError> {
        text.parse()
    }
}

impl From<WarehouseCode> for String {
    fn from(code: WarehouseCode) -> Self {
        code.0
    }
}

impl fmt::Display for WarehouseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warehouse_has_a_plain_code_and_a_name() {
        let id = WarehouseId::from_uuid(uuid::Uuid::nil());
        let code: WarehouseCode = "WH-EAST_1".parse().expect("a code");

        assert!(Warehouse::new(id, code.clone(), " East ", 1).is_ok_and(|warehouse| warehouse.name == "East"));
        assert_eq!(Warehouse::new(id, code.clone(), "  ", 1), Err(WarehouseError::BadName));
        assert_eq!(Warehouse::new(id, code, "a\0b", 1), Err(WarehouseError::BadName));
        for bad in ["", "a b", "ä", &"x".repeat(33)] {
            assert_eq!(bad.parse::<WarehouseCode>(), Err(WarehouseError::BadCode), "{bad}");
        }
    }

    fn day(number: u32) -> Timestamp {
        format!("2026-11-{number:02}T00:00:00Z").parse().expect("a time")
    }

    fn closing(closed: bool, reason: Option<&str>) -> WarehouseChange {
        WarehouseChange { closed: Some(closed), reason: reason.map(str::to_owned), ..WarehouseChange::default() }
    }

    #[test]
    fn a_warehouse_is_renamed_closed_and_opened_again() {
        let id = WarehouseId::from_uuid(uuid::Uuid::nil());
        let open = Warehouse::new(id, "EAST".parse().expect("a code"), "East", 1).expect("a warehouse");
        let renaming =
            WarehouseChange { name: Some(" Far east ".to_owned()), priority: Some(-1), ..WarehouseChange::default() };

        let renamed = open.change(&renaming, day(1)).expect("legal").unwrap_or(open.clone());
        let closed = open.change(&closing(true, Some("flood")), day(1)).expect("legal").unwrap_or(open.clone());

        assert_eq!((renamed.name.as_str(), renamed.priority), ("Far east", -1));
        assert_eq!(closed.closed, Some(Closure { at: day(1), reason: "flood".to_owned() }));
        assert_eq!(closed.change(&closing(true, Some("fire")), day(2)), Ok(Applied::Unchanged));
        assert_eq!(closed.change(&closing(false, Some("dry")), day(2)), Ok(Applied::Changed(open.clone())));
        assert_eq!(open.change(&WarehouseChange::default(), day(2)), Ok(Applied::Unchanged));
    }

    #[test]
    fn a_region_needs_a_country_and_is_removed_with_it() {
        let id = WarehouseId::from_uuid(uuid::Uuid::nil());
        let unknown = Warehouse::new(id, "EAST".parse().expect("a code"), "East", 1).expect("a warehouse");
        let moving = |country: Option<&str>, region: Option<&str>| WarehouseChange {
            country: country.map(|country| country.parse().expect("a country")),
            region: region.map(|region| region.parse().expect("a region")),
            ..WarehouseChange::default()
        };
        let located = |country: &str, region: Option<&str>| {
            let (country, region) = (country.parse().ok(), region.map(|region| region.parse().expect("a region")));
            unknown.clone().located(country, region).expect("a location")
        };
        let nevada = located("US", Some("NV"));

        let changed = |before: &Warehouse, country, region| before.change(&moving(country, region), day(1));

        assert_eq!(changed(&unknown, None, Some("NV")), Err(WarehouseError::NoCountry));
        assert_eq!(changed(&unknown, Some("us"), Some("NV")), Ok(Applied::Changed(nevada.clone())));
        assert_eq!(changed(&nevada, Some("US"), None), Ok(Applied::Unchanged));
        assert_eq!(changed(&nevada, None, Some("OH")), Ok(Applied::Changed(located("US", Some("OH")))));
        assert_eq!(changed(&nevada, Some("DE"), None), Ok(Applied::Changed(located("DE", None))));
    }

    #[test]
    fn a_change_without_a_reason_or_with_a_bad_name_is_refused() {
        let id = WarehouseId::from_uuid(uuid::Uuid::nil());
        let open = Warehouse::new(id, "EAST".parse().expect("a code"), "East", 1).expect("a warehouse");
        let blank = WarehouseChange { name: Some("  ".to_owned()), ..WarehouseChange::default() };

        assert_eq!(open.change(&closing(true, None), day(1)), Err(WarehouseError::NoReason));
        assert_eq!(open.change(&closing(false, None), day(1)), Err(WarehouseError::NoReason));
        assert_eq!(open.change(&blank, day(1)), Err(WarehouseError::BadName));
    }
}
