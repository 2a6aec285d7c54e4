//! Parameters of paths and queries: strict, and named when they are wrong.

use crate::problem::{FieldError, Kind, Problem};
use crate::time;
use axum::extract::{FromRequestParts, Query as AxumQuery, RawPathParams};
use axum::http::request::Parts;
use domain::Timestamp;
use std::fmt::Display;
use std::str::FromStr;

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
        let refuse = |error| Problem::about_parameter(Kind::InvalidParameter, name, format!("{name}: {error}"));
        text.parse().map(Self).map_err(refuse)
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

/// The parameters of a query that have not been read yet.
#[derive(Debug)]
pub struct Params {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync, T: FromQuery> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = AxumQuery::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let AxumQuery(pairs) = pairs.map_err(|error| Problem::new(Kind::InvalidParameter, error.body_text()))?;
        let mut params = Params { pairs, errors: Vec::new() };
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
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<Option<T>> {
        self.optional_as(name, str::parse)
    }

    #[expect(clippy::option_option, reason = "as above")]
    pub fn optional_as<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        let Some(text) = self.take(name)? else { return Some(None) };
        match parse(&text) {
            Ok(parsed) => Some(Some(parsed)),
            Err(error) => self.refuse(name, error),
        }
    }

    #[expect(clippy::option_option, reason = "as above")]
    pub fn time(&mut self, name: &str) -> Option<Option<Timestamp>> {
        self.optional_as(name, |text| time::parse(name, text))
    }

    /// How many a page holds.
    pub fn limit(&mut self) -> Option<u32> {
        let legal = |text: &str| match text.parse() {
            Ok(limit @ 1..=LIMIT_MAX) => Ok(limit),
            _ => Err(format!("a page holds 1 to {LIMIT_MAX}")),
        };
        self.optional_as("limit", legal).map(|limit| limit.unwrap_or(LIMIT_DEFAULT))
    }

    pub fn refuse<T>(&mut self, name: &str, detail: impl Display) -> Option<T> {
        self.errors.push(FieldError::in_parameter(name, detail.to_string()));
        None
    }

    #[expect(clippy::option_option, reason = "as above")]
    fn take(&mut self, name: &str) -> Option<Option<String>> {
        let place = self.pairs.iter().position(|(known, _)| known == name);
        let Some(place) = place else { return Some(None) };
        let (_, text) = self.pairs.remove(place);
        if self.pairs.iter().any(|(known, _)| known == name) {
            self.pairs.retain(|(known, _)| known != name);
            return self.refuse(name, "this parameter is there more than once");
        }
        if text.contains('\0') { self.refuse(name, "NUL is not expected") } else { Some(Some(text)) }
    }

    fn refuse_the_rest(&mut self) {
        for (name, _) in std::mem::take(&mut self.pairs) {
            let name: String = name.chars().take(64).collect();
            self.refuse::<()>(&name, "there is no such parameter");
        }
    }
}
