//! Parameters of paths and queries: strict, and named when they are wrong.

use crate::problem::{FieldError, Kind, Problem, text as texts};
use crate::time;
use axum::extract::{FromRequestParts, Query as AxumQuery, RawPathParams};
use axum::http::request::Parts;
use domain::Timestamp;
use std::fmt::Display;
use std::str::FromStr;
use strum::VariantNames;
use uuid::Uuid;

pub const LIMIT_MAX: u32 = 100;
pub const LIMIT_DEFAULT: u32 = 20;

/// The one parameter of the path, parsed; 400 when it can't be.
#[derive(Debug)]
pub struct PathParam<T>(pub T);

impl<S: Send + Sync, T: FromStr<Err: Display>> FromRequestParts<S> for PathParam<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|error| Problem::new(Kind::InvalidParameter, error.to_string()))?;
        let (name, text) = params.iter().next().ok_or_else(|| Problem::internal("the route has no parameter"))?;
        let wrong =
            |error| Problem::about_parameter(Kind::InvalidParameter, name, texts::wrong_value(name, error, text));
        text.parse().map(Self).map_err(wrong)
    }
}

/// The id of something that has no type of its own in the domain.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub Uuid);

impl FromStr for Id {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_no_uuid| "must be a UUID")
    }
}

/// Something that a query can be read as.
pub trait FromQuery: Sized {
    /// `None` when something was wrong; what, stands in the parameters' errors.
    fn read(params: &mut Params) -> Option<Self>;
}

/// Extracts a query as `T`; parameters that `T` does not know are wrong.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// The parameters of a query that have not been read yet, and the names that were asked for: those that it may have.
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
        params.refuse_the_rest();
        match read {
            Some(read) if params.errors.is_empty() => Ok(Self(read)),
            _ => Err(Problem::validation(params.errors)),
        }
    }
}

impl Params {
    /// `Some(None)` when it is not there.
    #[expect(
        clippy::option_option,
        reason = "the outer one says whether it was readable, the inner one whether it was there"
    )]
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
            Err(error) => self.refuse(name, texts::wrong_value(name, error, &text)),
        }
    }

    #[expect(clippy::option_option, reason = "as above")]
    pub fn time(&mut self, name: &'static str) -> Option<Option<Timestamp>> {
        self.optional_as(name, time::parse)
    }

    /// One word of a closed set.
    #[expect(clippy::option_option, reason = "as above")]
    pub fn one_of<T: FromStr + VariantNames>(&mut self, name: &'static str) -> Option<Option<T>> {
        let rule = || format!("must be {}", texts::one_of(T::VARIANTS));
        self.optional_as(name, |text| text.parse().map_err(|_unknown| rule()))
    }

    /// False when it is not there.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let read = |text: &str| text.parse().map_err(|_neither| "must be `true` or `false`");
        self.optional_as(name, read).map(Option::unwrap_or_default)
    }

    /// Where the page begins.
    #[expect(clippy::option_option, reason = "as above")]
    pub fn cursor<T: FromStr>(&mut self) -> Option<Option<T>> {
        self.cursor_as(|text| text.parse().ok())
    }

    #[expect(clippy::option_option, reason = "as above")]
    pub fn cursor_as<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
        let rule = "must be the `next_cursor` of an earlier page of this list";
        self.optional_as("cursor", |text| read(text).ok_or(rule))
    }

    /// How many a page holds.
    pub fn limit(&mut self) -> Option<u32> {
        let legal = |text: &str| match text.parse() {
            Ok(limit @ 1..=LIMIT_MAX) => Ok(limit),
            _ => Err(format!("must be a whole number from 1 to {LIMIT_MAX}")),
        };
        self.optional_as("limit", legal).map(|limit| limit.unwrap_or(LIMIT_DEFAULT))
    }

    fn refuse<T>(&mut self, name: &str, detail: impl Display) -> Option<T> {
        self.errors.push(FieldError::in_parameter(name, detail.to_string()));
        None
    }

    #[expect(clippy::option_option, reason = "as above")]
    fn take(&mut self, name: &'static str) -> Option<Option<String>> {
        self.known.push(name);
        let place = self.pairs.iter().position(|(known, _)| known == name);
        let Some(place) = place else { return Some(None) };
        let (_, text) = self.pairs.remove(place);
        if self.pairs.iter().any(|(known, _)| known == name) {
            self.pairs.retain(|(known, _)| known != name);
            return self.refuse(name, format!("{} appears more than once", texts::tick(name)));
        }
        if text.contains('\0') {
            return self.refuse(name, format!("{} must not contain NUL characters", texts::tick(name)));
        }
        Some(Some(text))
    }

    fn refuse_the_rest(&mut self) {
        let known = texts::ticked(&self.known);
        for (name, _) in std::mem::take(&mut self.pairs) {
            let name: String = name.chars().take(64).collect();
            self.refuse::<()>(&name, format!("Unknown query parameter {}. Allowed: {known}", texts::tick(&name)));
        }
    }
}
