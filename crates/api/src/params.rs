//! Strict extractors for path and query parameters; errors name the parameter.

use crate::problem::{FieldError, Kind, Problem, text as texts};
use crate::time;
use axum::extract::{FromRequestParts, Query as AxumQuery, RawPathParams};
use axum::http::request::Parts;
use domain::Timestamp;
use domain::page::PageSize;
use std::fmt::Display;
use std::str::FromStr;
use strum::VariantNames;
use uuid::Uuid;

/// Of a text to filter by.
pub const TEXT_LENGTH_MAX: usize = 200;

/// Extracts the only parameter of the path; 400 if it can't be parsed.
#[derive(Debug)]
pub struct PathParam<T>(pub T);

impl<S: Send + Sync, T: FromStr<Err: Display>> FromRequestParts<S> for PathParam<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|error| Problem::new(Kind::InvalidParameter, error.to_string()))?;
        let first = params.iter().next().ok_or_else(|| Problem::internal("the route has no parameter"))?;
        parse_path(first).map(Self)
    }
}

/// Extracts both parameters of the path; 400 if one can't be parsed.
#[derive(Debug)]
pub struct PathParams<A, B>(pub A, pub B);

impl<S, A, B> FromRequestParts<S> for PathParams<A, B>
where
    S: Send + Sync,
    A: FromStr<Err: Display>,
    B: FromStr<Err: Display>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|error| Problem::new(Kind::InvalidParameter, error.to_string()))?;
        let mut params = params.iter();
        let missing = || Problem::internal("the route has fewer than two parameters");
        let (first, second) = params.next().zip(params.next()).ok_or_else(missing)?;
        Ok(Self(parse_path(first)?, parse_path(second)?))
    }
}

fn parse_path<T: FromStr<Err: Display>>((name, text): (&str, &str)) -> Result<T, Problem> {
    let invalid =
        |error| Problem::about_parameter(Kind::InvalidParameter, name, texts::invalid_value(name, error, text));
    text.parse().map_err(invalid)
}

/// Id of a resource that has no id type in the domain.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub Uuid);

impl FromStr for Id {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_no_uuid| "must be a UUID")
    }
}

/// A type that can be read from a query string.
pub trait FromQuery: Sized {
    /// `None` if a parameter was invalid; the errors are in `params`.
    fn read(params: &mut Params) -> Option<Self>;
}

/// Extracts the query as `T`; unknown parameters are errors.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// Unread parameters of a query, and the names that `FromQuery::read` requested, which are the known ones.
#[derive(Debug)]
pub struct Params {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync, T: FromQuery> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = AxumQuery::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let AxumQuery(pairs) = pairs.map_err(|error| Problem::new(Kind::InvalidParameter, error.body_text()))?;
        let mut params = Params { pairs, known: Vec::new(), errors: Vec::new() };
        let read = T::read(&mut params);
        params.reject_unknown();
        match read {
            Some(read) if params.errors.is_empty() => Ok(Self(read)),
            _ => Err(Problem::validation(params.errors)),
        }
    }
}

impl Params {
    /// `Some(None)` if the parameter is absent.
    #[expect(clippy::option_option, reason = "outer: whether it was valid; inner: whether it was present")]
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<Option<T>> {
        self.optional_as(name, str::parse)
    }

    #[expect(clippy::option_option, reason = "as above")]
    pub fn optional_as<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        let Some(text) = self.take(name)? else { return Some(None) };
        match parse(&text) {
            Ok(parsed) => Some(Some(parsed)),
            Err(error) => self.refuse(name, texts::invalid_value(name, error, &text)),
        }
    }

    /// Any text of at most [`TEXT_LENGTH_MAX`] characters.
    #[expect(clippy::option_option, reason = "as above")]
    pub fn text(&mut self, name: &'static str) -> Option<Option<String>> {
        let rule = || format!("must have at most {TEXT_LENGTH_MAX} characters");
        let short = |text: &str| (text.chars().count() <= TEXT_LENGTH_MAX).then(|| text.to_owned());
        self.optional_as(name, |text| short(text).ok_or_else(rule))
    }

    #[expect(clippy::option_option, reason = "as above")]
    pub fn time(&mut self, name: &'static str) -> Option<Option<Timestamp>> {
        self.optional_as(name, time::parse)
    }

    pub fn required_time(&mut self, name: &'static str) -> Option<Timestamp> {
        let time = self.time(name)?;
        time.or_else(|| self.refuse(name, format!("{} is required", texts::quote(name))))
    }

    /// For a value that is refused because of others.
    pub fn refuse_value<T>(&mut self, name: &str, rule: &impl Display, value: impl Display) -> Option<T> {
        self.refuse(name, texts::invalid_value(name, rule, &value.to_string()))
    }

    /// One of a closed set of values.
    #[expect(clippy::option_option, reason = "as above")]
    pub fn one_of<T: FromStr + VariantNames>(&mut self, name: &'static str) -> Option<Option<T>> {
        let rule = || format!("must be {}", texts::one_of(T::VARIANTS));
        self.optional_as(name, |text| text.parse().map_err(|_unknown| rule()))
    }

    /// Several of a closed set of values, separated by commas; empty if the parameter is absent.
    pub fn any_of<T: FromStr + VariantNames>(&mut self, name: &'static str) -> Option<Vec<T>> {
        let rule = || format!("must be {}, or several of them separated by commas", texts::one_of(T::VARIANTS));
        let parse = |text: &str| text.split(',').map(|one| one.parse().map_err(|_unknown| rule())).collect();
        self.optional_as(name, parse).map(Option::unwrap_or_default)
    }

    /// False if the parameter is absent.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let read = |text: &str| text.parse().map_err(|_neither| "must be `true` or `false`");
        self.optional_as(name, read).map(Option::unwrap_or_default)
    }

    /// The position after which the page starts.
    #[expect(clippy::option_option, reason = "as above")]
    pub fn cursor<T: FromStr>(&mut self) -> Option<Option<T>> {
        let rule = "must be the `next_cursor` of an earlier page of this list";
        self.optional_as("cursor", |text| text.parse().map_err(|_invalid| rule))
    }

    /// The page size.
    pub fn limit(&mut self) -> Option<PageSize> {
        self.optional("limit").map(Option::unwrap_or_default)
    }

    fn refuse<T>(&mut self, name: &str, detail: impl Display) -> Option<T> {
        self.errors.push(FieldError::in_parameter(name, detail.to_string()));
        None
    }

    #[expect(clippy::option_option, reason = "as above")]
    fn take(&mut self, name: &'static str) -> Option<Option<String>> {
        self.known.push(name);
        let index = self.pairs.iter().position(|(known, _)| known == name);
        let Some(index) = index else { return Some(None) };
        let (_, text) = self.pairs.remove(index);
        if self.pairs.iter().any(|(known, _)| known == name) {
            self.pairs.retain(|(known, _)| known != name);
            return self.refuse(name, format!("{} appears more than once", texts::quote(name)));
        }
        if text.contains('\0') {
            return self.refuse(name, format!("{} must not contain NUL characters", texts::quote(name)));
        }
        Some(Some(text))
    }

    fn reject_unknown(&mut self) {
        let known = texts::quote_all(&self.known);
        for (name, _) in std::mem::take(&mut self.pairs) {
            let name: String = name.chars().take(64).collect();
            self.refuse::<()>(&name, format!("Unknown query parameter {}. Allowed: {known}", texts::quote(&name)));
        }
    }
}
