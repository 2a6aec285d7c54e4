//! Warehouses.

use crate::Timestamp;
use crate::applied::Applied;
use crate::ids::WarehouseId;
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
}

impl Warehouse {
    pub fn new(id: WarehouseId, code: WarehouseCode, name: &str, priority: i32) -> Result<Self, WarehouseError> {
        Ok(Self { id, code, name: legal_name(name)?, priority, closed: None })
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
        let changed = Self { id: self.id, code: self.code.clone(), name, priority, closed };
        Ok(if changed == *self { Applied::Unchanged } else { Applied::Changed(changed) })
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
    fn a_change_without_a_reason_or_with_a_bad_name_is_refused() {
        let id = WarehouseId::from_uuid(uuid::Uuid::nil());
        let open = Warehouse::new(id, "EAST".parse().expect("a code"), "East", 1).expect("a warehouse");
        let blank = WarehouseChange { name: Some("  ".to_owned()), ..WarehouseChange::default() };

        assert_eq!(open.change(&closing(true, None), day(1)), Err(WarehouseError::NoReason));
        assert_eq!(open.change(&closing(false, None), day(1)), Err(WarehouseError::NoReason));
        assert_eq!(open.change(&blank, day(1)), Err(WarehouseError::BadName));
    }
}
