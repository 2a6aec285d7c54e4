//! Reads values member by member, remembers where it is, and notes all that is wrong.

use super::value::Value;
use crate::problem::FieldError;
use crate::time;
use domain::Timestamp;
use std::collections::{BTreeSet, HashSet};
use std::fmt::Display;
use std::str::FromStr;

/// Whoever makes more mistakes than this learns of the others next time.
pub const ERRORS_MAX: usize = 50;

/// A value and where it stands.
#[derive(Debug)]
pub struct Field<'e> {
    value: Value,
    pointer: String,
    errors: &'e mut Vec<FieldError>,
}

/// The members of an object that have not been read yet.
#[derive(Debug)]
pub struct Members<'e> {
    unread: Vec<(String, Value)>,
    pointer: String,
    errors: &'e mut Vec<FieldError>,
}

impl<'e> Field<'e> {
    pub(super) fn root(value: Value, errors: &'e mut Vec<FieldError>) -> Self {
        Self { value, pointer: String::new(), errors }
    }

    /// Notes that this value is wrong.
    pub fn refuse<T>(self, detail: impl Display) -> Option<T> {
        note(self.errors, &self.pointer, detail);
        None
    }

    pub fn text_as<T, E: Display>(self, parse: impl FnOnce(String) -> Result<T, E>) -> Option<T> {
        let Self { value, pointer, errors } = self;
        let given = text(Field { value, pointer: pointer.clone(), errors: &mut *errors })?;
        parse(given).map_err(|error| note(errors, &pointer, error)).ok()
    }

    pub fn whole_as<T, E: Display>(self, parse: impl FnOnce(i64) -> Result<T, E>) -> Option<T> {
        let Self { value, pointer, errors } = self;
        let given = whole(Field { value, pointer: pointer.clone(), errors: &mut *errors })?;
        parse(given).map_err(|error| note(errors, &pointer, error)).ok()
    }

    /// At most `max` values, each read by `read`. None when one of them is wrong.
    pub fn list<T>(self, max: usize, read: impl Fn(Field<'_>) -> Option<T>) -> Option<Vec<T>> {
        let Self { value, pointer, errors } = self;
        let values = match value {
            Value::List(values) if values.len() <= max => values,
            Value::List(values) => {
                return refuse(errors, &pointer, format!("at most {max} entries, got {}", values.len()));
            }
            _ => return refuse(errors, &pointer, "a list is expected"),
        };
        let place = |(index, value)| read(Field { value, pointer: format!("{pointer}/{index}"), errors: &mut *errors });
        // Collected twice, so that a mistake in one entry does not hide those in the next.
        let read: Vec<Option<T>> = values.into_iter().enumerate().map(place).collect();
        read.into_iter().collect()
    }

    /// An object whose members `read` takes; members that are left over are wrong.
    pub fn members<T>(self, read: impl FnOnce(&mut Members<'_>) -> Option<T>) -> Option<T> {
        let Value::Object(members) = self.value else { return self.refuse("an object is expected") };
        let twice = twice(&members);
        let mut members = Members { unread: members, pointer: self.pointer, errors: self.errors };
        for name in &twice {
            note(members.errors, &members.pointer_to(name), "this member is there more than once");
        }
        let read = read(&mut members).filter(|_| twice.is_empty());
        if members.refuse_the_rest(&twice) { None } else { read }
    }
}

pub fn text(field: Field<'_>) -> Option<String> {
    match field.value {
        // Postgres can't store it, and nobody means it.
        Value::Text(ref text) if text.contains('\0') => field.refuse("a text without NUL characters is expected"),
        Value::Text(text) => Some(text),
        _ => field.refuse("a string is expected"),
    }
}

pub fn whole(field: Field<'_>) -> Option<i64> {
    match field.value {
        Value::Whole(number) => Some(number),
        _ => field.refuse("a whole number is expected"),
    }
}

pub fn boolean(field: Field<'_>) -> Option<bool> {
    match field.value {
        Value::Boolean(truth) => Some(truth),
        _ => field.refuse("true or false is expected"),
    }
}

/// A time, as every other place takes it too.
pub fn time(field: Field<'_>) -> Option<Timestamp> {
    let name = field.pointer.rsplit('/').next().unwrap_or_default().to_owned();
    field.text_as(|text| time::parse(&name, &text))
}

/// A string that parses as `T`; what is wrong with it, `T`'s own error tells.
pub fn parsed<T: FromStr<Err: Display>>(field: Field<'_>) -> Option<T> {
    field.text_as(|text| text.parse())
}

impl Members<'_> {
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(Field<'_>) -> Option<T>) -> Option<T> {
        let pointer = self.pointer_to(name);
        match self.take(name) {
            Some(value) => read(Field { value, pointer, errors: &mut *self.errors }),
            None => refuse(self.errors, &pointer, "this member is required"),
        }
    }

    /// `Some(None)` when it is not there, or null.
    #[expect(
        clippy::option_option,
        reason = "the outer one says whether it was readable, the inner one whether it was there"
    )]
    pub fn optional<T>(&mut self, name: &str, read: impl FnOnce(Field<'_>) -> Option<T>) -> Option<Option<T>> {
        let pointer = self.pointer_to(name);
        match self.take(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => read(Field { value, pointer, errors: &mut *self.errors }).map(Some),
        }
    }

    /// Notes that the object as a whole is wrong.
    pub fn refuse<T>(&mut self, detail: impl Display) -> Option<T> {
        refuse(self.errors, &self.pointer, detail)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.unread.iter().position(|(known, _)| known == name)?;
        Some(self.unread.remove(place).1)
    }

    fn refuse_the_rest(self, noted: &BTreeSet<String>) -> bool {
        let unknown: Vec<_> = self.unread.iter().filter(|(name, _)| !noted.contains(name)).collect();
        for (name, _) in &unknown {
            note(self.errors, &self.pointer_to(name), "there is no such member");
        }
        !unknown.is_empty()
    }

    /// RFC 6901: `~` and `/` in a name are escaped.
    fn pointer_to(&self, name: &str) -> String {
        let name: String = name.chars().take(64).collect();
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }
}

/// Names that more than one member has.
fn twice(members: &[(String, Value)]) -> BTreeSet<String> {
    let mut seen = HashSet::with_capacity(members.len());
    members.iter().filter(|(name, _)| !seen.insert(name)).map(|(name, _)| name.clone()).collect()
}

fn note(errors: &mut Vec<FieldError>, pointer: &str, detail: impl Display) {
    if errors.len() < ERRORS_MAX {
        errors.push(FieldError::in_body(pointer, detail.to_string()));
    }
}

fn refuse<T>(errors: &mut Vec<FieldError>, pointer: &str, detail: impl Display) -> Option<T> {
    note(errors, pointer, detail);
    None
}
