//! Reads JSON values field by field, keeps track of the JSON pointer, and collects every error.

use super::ROOT;
use super::value::Value;
use crate::problem::{FieldError, text as texts};
use crate::time;
use domain::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use strum::VariantNames;

/// Further errors of a request are not reported.
pub const ERRORS_MAX: usize = 50;

/// A value and its JSON pointer.
#[derive(Debug)]
pub struct Field<'e> {
    value: Value,
    pointer: String,
    errors: &'e mut Vec<FieldError>,
}

/// Unread members of an object, and the names that `FromJson::read` requested, which are the known ones.
#[derive(Debug)]
pub struct Members<'e> {
    unread: Vec<(String, Value)>,
    known: Vec<&'static str>,
    pointer: String,
    errors: &'e mut Vec<FieldError>,
}

impl<'e> Field<'e> {
    pub(super) fn root(value: Value, errors: &'e mut Vec<FieldError>) -> Self {
        Self { value, pointer: ROOT.to_owned(), errors }
    }

    /// Adds the error that this value is not `expected`, such as "a string".
    pub fn refuse<T>(self, expected: impl Display) -> Option<T> {
        let detail = format!("{} must be {expected}, got {}", quoted(&self.pointer), self.value.describe());
        refuse(self.errors, &self.pointer, detail)
    }

    pub fn text_as<T, E: Display>(self, parse: impl FnOnce(String) -> Result<T, E>) -> Option<T> {
        let Self { value, pointer, errors } = self;
        let given = text(Field { value, pointer: pointer.clone(), errors: &mut *errors })?;
        // `parse` consumes the text; the copy is for the error.
        let text = given.clone();
        let add =
            |error: E| add_error(errors, &pointer, texts::invalid_value(&texts::field_path(&pointer), error, &text));
        parse(given).map_err(add).ok()
    }

    /// The same for a secret, which must not appear in an error.
    pub fn secret_as<T, E: Display>(self, parse: impl FnOnce(String) -> Result<T, E>) -> Option<T> {
        let Self { value, pointer, errors } = self;
        let given = secret(Field { value, pointer: pointer.clone(), errors: &mut *errors })?;
        let add = |error: E| add_error(errors, &pointer, texts::invalid(&texts::field_path(&pointer), error));
        parse(given).map_err(add).ok()
    }

    pub fn integer_as<T, E: Display>(self, parse: impl FnOnce(i64) -> Result<T, E>) -> Option<T> {
        let Self { value, pointer, errors } = self;
        let given = integer(Field { value, pointer: pointer.clone(), errors: &mut *errors })?;
        let text = || given.to_string();
        let add =
            |error: E| add_error(errors, &pointer, texts::invalid_value(&texts::field_path(&pointer), error, &text()));
        parse(given).map_err(add).ok()
    }

    /// At most `max` values, each read by `read`. `None` if one of them is invalid.
    pub fn list<T>(self, max: usize, read: impl Fn(Field<'_>) -> Option<T>) -> Option<Vec<T>> {
        if !matches!(self.value, Value::List(_)) {
            return self.refuse("a list");
        }
        let Self { value, pointer, errors } = self;
        let Value::List(values) = value else { return None };
        if values.len() > max {
            let detail = format!("{} must have at most {max} entries, got {}", quoted(&pointer), values.len());
            return refuse(errors, &pointer, detail);
        }
        let read_one =
            |(index, value)| read(Field { value, pointer: format!("{pointer}/{index}"), errors: &mut *errors });
        // Collected twice, so that an error in one entry does not hide those in the next ones.
        let read: Vec<Option<T>> = values.into_iter().enumerate().map(read_one).collect();
        read.into_iter().collect()
    }

    /// An object with names of the client's choice, at most `max`. `None` if a name or a value is invalid.
    pub fn entries<K, V>(self, max: usize, read: impl Fn(Field<'_>) -> Option<V>) -> Option<BTreeMap<K, V>>
    where
        K: FromStr<Err: Display> + Ord,
    {
        let Value::Object(members) = self.value else { return self.refuse("an object") };
        let Self { pointer, errors, .. } = self;
        if members.len() > max {
            let detail = format!("{} must have at most {max} entries, got {}", quoted(&pointer), members.len());
            return refuse(errors, &pointer, detail);
        }
        let duplicates = duplicate_names(&members);
        let read_one = |(name, value): (String, Value)| {
            let pointer = pointer_to(&pointer, &name);
            if duplicates.contains(&name) {
                return refuse(errors, &pointer, format!("{} appears more than once", quoted(&pointer)));
            }
            let key = name.parse::<K>().map_err(|error: K::Err| {
                add_error(errors, &pointer, texts::invalid_value(&texts::field_path(&pointer), error, &name));
            });
            let value = read(Field { value, pointer, errors: &mut *errors });
            Some((key.ok()?, value?))
        };
        // Collected twice, so that an error in one entry does not hide those in the next ones.
        let read: Vec<_> = members.into_iter().map(read_one).collect();
        read.into_iter().collect()
    }

    /// An object whose members are read by `read`; unknown and duplicate members are errors.
    pub fn members<T>(self, read: impl FnOnce(&mut Members<'_>) -> Option<T>) -> Option<T> {
        let Value::Object(members) = self.value else { return self.refuse("an object") };
        let duplicates = duplicate_names(&members);
        let mut members = Members { unread: members, known: Vec::new(), pointer: self.pointer, errors: self.errors };
        for name in &duplicates {
            let pointer = members.pointer_to(name);
            add_error(members.errors, &pointer, format!("{} appears more than once", quoted(&pointer)));
        }
        let read = read(&mut members).filter(|_| duplicates.is_empty());
        if members.reject_unknown(&duplicates) { None } else { read }
    }
}

pub fn text(field: Field<'_>) -> Option<String> {
    match field.value {
        // Postgres can't store NUL in text.
        Value::Text(ref text) if text.contains('\0') => field.refuse("a string without NUL characters"),
        Value::Text(text) => Some(text),
        _ => field.refuse("a string"),
    }
}

/// A text that must not appear in an error.
pub fn secret(field: Field<'_>) -> Option<String> {
    match field.value {
        Value::Text(text) if !text.contains('\0') => Some(text),
        _ => {
            let detail = format!("{} must be a string without NUL characters", quoted(&field.pointer));
            refuse(field.errors, &field.pointer, detail)
        }
    }
}

pub fn integer(field: Field<'_>) -> Option<i64> {
    match field.value {
        Value::Integer(number) => Some(number),
        _ => field.refuse("a whole number"),
    }
}

/// A whole number within `range`.
pub fn integer_within<T: TryFrom<i64>>(field: Field<'_>, range: RangeInclusive<i64>) -> Option<T> {
    field.integer_as(|number| {
        let inside = Some(number).filter(|number| range.contains(number)).and_then(|number| T::try_from(number).ok());
        inside.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    })
}

pub fn boolean(field: Field<'_>) -> Option<bool> {
    match field.value {
        Value::Boolean(truth) => Some(truth),
        _ => field.refuse("true or false"),
    }
}

/// A timestamp in the format of [`time::parse`].
pub fn timestamp(field: Field<'_>) -> Option<Timestamp> {
    field.text_as(|text| time::parse(&text))
}

/// One of a closed set of values.
pub fn one_of<T: FromStr + VariantNames>(field: Field<'_>) -> Option<T> {
    field.text_as(|text| text.parse().map_err(|_unknown| format!("must be {}", texts::one_of(T::VARIANTS))))
}

/// A string that parses as `T`; the error text is that of `T`.
pub fn parsed<T: FromStr<Err: Display>>(field: Field<'_>) -> Option<T> {
    field.text_as(|text| text.parse())
}

/// The same for personal data, which must not appear in an error.
pub fn personal<T: FromStr<Err: Display>>(field: Field<'_>) -> Option<T> {
    field.secret_as(|text| text.parse())
}

impl Members<'_> {
    pub fn required<T>(&mut self, name: &'static str, read: impl FnOnce(Field<'_>) -> Option<T>) -> Option<T> {
        let pointer = self.pointer_to(name);
        match self.take(name) {
            Some(value) => read(Field { value, pointer, errors: &mut *self.errors }),
            None => refuse(self.errors, &pointer, format!("{} is required", quoted(&pointer))),
        }
    }

    /// `Some(None)` if the member is absent or null.
    #[expect(clippy::option_option, reason = "outer: whether it was valid; inner: whether it was present")]
    pub fn optional<T>(&mut self, name: &'static str, read: impl FnOnce(Field<'_>) -> Option<T>) -> Option<Option<T>> {
        let pointer = self.pointer_to(name);
        match self.take(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => read(Field { value, pointer, errors: &mut *self.errors }).map(Some),
        }
    }

    /// Adds an error about the member `name`.
    pub fn refuse_member<T>(&mut self, name: &str, detail: impl Display) -> Option<T> {
        let pointer = self.pointer_to(name);
        refuse(self.errors, &pointer, format!("{} {detail}", quoted(&pointer)))
    }

    /// Adds an error about the object as a whole.
    pub fn refuse<T>(&mut self, detail: impl Display) -> Option<T> {
        refuse(self.errors, &self.pointer, detail)
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        let index = self.unread.iter().position(|(known, _)| known == name)?;
        Some(self.unread.remove(index).1)
    }

    /// Adds an error per unknown member, except for those with an error already; true if there was one.
    fn reject_unknown(self, reported: &BTreeSet<String>) -> bool {
        let unknown: Vec<_> = self.unread.iter().filter(|(name, _)| !reported.contains(name)).collect();
        for (name, _) in &unknown {
            let (pointer, known) = (self.pointer_to(name), texts::quote_all(&self.known));
            add_error(self.errors, &pointer, format!("Unknown field {}. Allowed: {known}", quoted(&pointer)));
        }
        !unknown.is_empty()
    }

    /// The JSON pointer of a member. RFC 6901: `~` and `/` in a name are escaped.
    fn pointer_to(&self, name: &str) -> String {
        pointer_to(&self.pointer, name)
    }
}

fn pointer_to(parent: &str, name: &str) -> String {
    let name: String = name.chars().take(64).collect();
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Names that occur more than once.
fn duplicate_names(members: &[(String, Value)]) -> BTreeSet<String> {
    let mut seen = HashSet::with_capacity(members.len());
    members.iter().filter(|(name, _)| !seen.insert(name)).map(|(name, _)| name.clone()).collect()
}

/// The field at `pointer` as error texts name it.
fn quoted(pointer: &str) -> String {
    texts::quote(&texts::field_path(pointer))
}

fn add_error(errors: &mut Vec<FieldError>, pointer: &str, detail: impl Display) {
    if errors.len() < ERRORS_MAX {
        errors.push(FieldError::in_body(pointer, detail.to_string()));
    }
}

fn refuse<T>(errors: &mut Vec<FieldError>, pointer: &str, detail: impl Display) -> Option<T> {
    add_error(errors, pointer, detail);
    None
}
