//! Reads values member by member, remembers where it is, and notes all that is wrong.

use super::value::Value;
use crate::problem::{FieldError, text as texts};
use crate::time;
use domain::Timestamp;
use std::collections::{BTreeSet, HashSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use strum::VariantNames;

/// Whoever makes more mistakes than this learns of the others next time.
pub const ERRORS_MAX: usize = 50;

/// A value and where it stands.
#[derive(Debug)]
pub struct Field<'e> {
    value: Value,
    pointer: String,
    errors: &'e mut Vec<FieldError>,
}

/// The members of an object that have not been read yet, and the names that were asked for: those that it may have.
#[derive(Debug)]
pub struct Members<'e> {
    unread: Vec<(String, Value)>,
    known: Vec<&'static str>,
    pointer: String,
    errors: &'e mut Vec<FieldError>,
}

impl<'e> Field<'e> {
    pub(super) fn root(value: Value, errors: &'e mut Vec<FieldError>) -> Self {
        Self { value, pointer: String::new(), errors }
    }

    /// Notes that this value is of another type than the `wanted` one: "a string".
    pub fn refuse<T>(self, wanted: impl Display) -> Option<T> {
        let detail = format!("{} must be {wanted}, got {}", named(&self.pointer), self.value.shown());
        refuse(self.errors, &self.pointer, detail)
    }

    pub fn text_as<T, E: Display>(self, parse: impl FnOnce(String) -> Result<T, E>) -> Option<T> {
        let Self { value, pointer, errors } = self;
        let given = text(Field { value, pointer: pointer.clone(), errors: &mut *errors })?;
        // Parsers take the text; it is needed again only when they refuse it.
        let shown = given.clone();
        let wrong = |error: E| note(errors, &pointer, texts::wrong_value(&texts::place(&pointer), error, &shown));
        parse(given).map_err(wrong).ok()
    }

    /// The same for what no answer may repeat.
    pub fn secret_as<T, E: Display>(self, parse: impl FnOnce(String) -> Result<T, E>) -> Option<T> {
        let Self { value, pointer, errors } = self;
        let given = secret(Field { value, pointer: pointer.clone(), errors: &mut *errors })?;
        parse(given).map_err(|error| note(errors, &pointer, texts::wrong(&texts::place(&pointer), error))).ok()
    }

    pub fn whole_as<T, E: Display>(self, parse: impl FnOnce(i64) -> Result<T, E>) -> Option<T> {
        let Self { value, pointer, errors } = self;
        let given = whole(Field { value, pointer: pointer.clone(), errors: &mut *errors })?;
        let shown = || given.to_string();
        let wrong = |error: E| note(errors, &pointer, texts::wrong_value(&texts::place(&pointer), error, &shown()));
        parse(given).map_err(wrong).ok()
    }

    /// At most `max` values, each read by `read`. None when one of them is wrong.
    pub fn list<T>(self, max: usize, read: impl Fn(Field<'_>) -> Option<T>) -> Option<Vec<T>> {
        if !matches!(self.value, Value::List(_)) {
            return self.refuse("a list");
        }
        let Self { value, pointer, errors } = self;
        let Value::List(values) = value else { return None };
        if values.len() > max {
            let detail = format!("{} must have at most {max} entries, got {}", named(&pointer), values.len());
            return refuse(errors, &pointer, detail);
        }
        let place = |(index, value)| read(Field { value, pointer: format!("{pointer}/{index}"), errors: &mut *errors });
        // Collected twice, so that a mistake in one entry does not hide those in the next.
        let read: Vec<Option<T>> = values.into_iter().enumerate().map(place).collect();
        read.into_iter().collect()
    }

    /// An object whose members `read` takes; members that are left over are wrong.
    pub fn members<T>(self, read: impl FnOnce(&mut Members<'_>) -> Option<T>) -> Option<T> {
        let Value::Object(members) = self.value else { return self.refuse("an object") };
        let twice = twice(&members);
        let mut members = Members { unread: members, known: Vec::new(), pointer: self.pointer, errors: self.errors };
        for name in &twice {
            let pointer = members.pointer_to(name);
            note(members.errors, &pointer, format!("{} appears more than once", named(&pointer)));
        }
        let read = read(&mut members).filter(|_| twice.is_empty());
        if members.refuse_the_rest(&twice) { None } else { read }
    }
}

pub fn text(field: Field<'_>) -> Option<String> {
    match field.value {
        // Postgres can't store it, and nobody means it.
        Value::Text(ref text) if text.contains('\0') => field.refuse("a string without NUL characters"),
        Value::Text(text) => Some(text),
        _ => field.refuse("a string"),
    }
}

/// A text that no answer may repeat.
pub fn secret(field: Field<'_>) -> Option<String> {
    match field.value {
        Value::Text(text) if !text.contains('\0') => Some(text),
        _ => {
            let detail = format!("{} must be a string without NUL characters", named(&field.pointer));
            refuse(field.errors, &field.pointer, detail)
        }
    }
}

pub fn whole(field: Field<'_>) -> Option<i64> {
    match field.value {
        Value::Whole(number) => Some(number),
        _ => field.refuse("a whole number"),
    }
}

/// A whole number of `range`.
pub fn within<T: TryFrom<i64>>(field: Field<'_>, range: RangeInclusive<i64>) -> Option<T> {
    field.whole_as(|number| {
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

/// A time, as every other place takes it too.
pub fn time(field: Field<'_>) -> Option<Timestamp> {
    field.text_as(|text| time::parse(&text))
}

/// One word of a closed set.
pub fn one_of<T: FromStr + VariantNames>(field: Field<'_>) -> Option<T> {
    field.text_as(|text| text.parse().map_err(|_unknown| format!("must be {}", texts::one_of(T::VARIANTS))))
}

/// A string that parses as `T`; what is wrong with it, `T`'s own error tells.
pub fn parsed<T: FromStr<Err: Display>>(field: Field<'_>) -> Option<T> {
    field.text_as(|text| text.parse())
}

impl Members<'_> {
    pub fn required<T>(&mut self, name: &'static str, read: impl FnOnce(Field<'_>) -> Option<T>) -> Option<T> {
        let pointer = self.pointer_to(name);
        match self.take(name) {
            Some(value) => read(Field { value, pointer, errors: &mut *self.errors }),
            None => refuse(self.errors, &pointer, format!("{} is required", named(&pointer))),
        }
    }

    /// `Some(None)` when it is not there, or null.
    #[expect(
        clippy::option_option,
        reason = "the outer one says whether it was readable, the inner one whether it was there"
    )]
    pub fn optional<T>(&mut self, name: &'static str, read: impl FnOnce(Field<'_>) -> Option<T>) -> Option<Option<T>> {
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

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        let place = self.unread.iter().position(|(known, _)| known == name)?;
        Some(self.unread.remove(place).1)
    }

    fn refuse_the_rest(self, noted: &BTreeSet<String>) -> bool {
        let unknown: Vec<_> = self.unread.iter().filter(|(name, _)| !noted.contains(name)).collect();
        for (name, _) in &unknown {
            let (pointer, known) = (self.pointer_to(name), texts::ticked(&self.known));
            note(self.errors, &pointer, format!("Unknown field {}. Allowed: {known}", named(&pointer)));
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

/// How texts name what stands at `pointer`.
fn named(pointer: &str) -> String {
    texts::tick(&texts::place(pointer))
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
