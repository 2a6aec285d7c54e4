//! Request bodies: read within limits, parsed as strict JSON, and checked field by field, so that one response reports
//! every error.
//!
//! Serde's derives are not used on purpose: they accept a list in place of an object, keep the last of two members with
//! the same name, and stop at the first error.

mod bytes;
mod field;
mod value;

pub use field::{Field, Members, boolean, integer_within, one_of, parsed, personal, secret, text, timestamp};

use crate::problem::text::quote;
use crate::problem::{FieldError, Kind, Problem};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use value::Value;

/// The JSON pointer of the whole body.
const ROOT: &str = "";

/// A type that can be read from a JSON body.
pub trait FromJson: Sized {
    /// `None` if a field was invalid; the errors are in `members`.
    fn read(members: &mut Members<'_>) -> Option<Self>;

    /// The value of an empty or null body; `None` where a body is required.
    fn when_empty() -> Option<Self> {
        None
    }
}

/// Extracts a JSON body as `T`.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: FromJson> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        read_json(request, false).await.map(|(body, _canonical)| Self(body))
    }
}

/// The body as `T` and, if `with_canonical`, its canonical form: equal for bodies that differ only in formatting. An
/// empty or null body counts as `{}`.
pub async fn read_json<T: FromJson>(request: Request, with_canonical: bool) -> Result<(T, Option<Vec<u8>>), Problem> {
    let (parts, body) = request.into_parts();
    check_encoding(&parts.headers)?;
    let bytes = bytes::read(&parts.headers, body).await?;
    if bytes.is_empty()
        && let Some(empty) = T::when_empty()
    {
        return Ok((empty, with_canonical.then(canonical_when_empty)));
    }
    // Only now: an empty body needs no `Content-Type`.
    check_media_type(&parts.headers)?;
    parse(&bytes, with_canonical)
}

fn canonical_when_empty() -> Vec<u8> {
    Value::Object(Vec::new()).canonical()
}

/// Compressed bodies are refused: they could decompress to any size.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let is_identity = |value: &[u8]| value.eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(|value| is_identity(value.as_bytes())) {
        return Ok(());
    }
    let detail = "`Content-Encoding` is not supported; send the body uncompressed";
    Err(Problem::about_parameter(Kind::UnsupportedEncoding, "content-encoding", detail))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let got = if given.is_empty() { "no such header".to_owned() } else { quote(given) };
    let detail = format!("`Content-Type` must be `application/json` or `application/…+json`, got {got}");
    Err(Problem::about_parameter(Kind::UnsupportedMediaType, "content-type", detail))
}

fn parse<T: FromJson>(bytes: &[u8], with_canonical: bool) -> Result<(T, Option<Vec<u8>>), Problem> {
    let value = serde_json::from_slice::<Value>(bytes).map_err(|error| malformed(&error))?;
    if matches!(value, Value::Null) {
        let detail = "`body` must be an object, got null";
        let empty = T::when_empty().ok_or_else(|| Problem::about(Kind::Validation, ROOT, detail))?;
        return Ok((empty, with_canonical.then(canonical_when_empty)));
    }
    let mut errors = Vec::new();
    let canonical = with_canonical.then(|| value.canonical());
    let read = Field::root(value, &mut errors).members(T::read);
    match read {
        Some(read) if errors.is_empty() => Ok((read, canonical)),
        _ => Err(Problem::validation(errors)),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    let error = error.to_string();
    // 1e400 is valid JSON, but out of range for every number here. serde_json has no category for this error, so its
    // text is compared; a test covers it.
    if error.starts_with("number out of range") {
        return Problem::validation(vec![FieldError::in_body(ROOT, format!("`body` can't be read: {error}"))]);
    }
    Problem::new(Kind::MalformedJson, format!("The request body is not valid JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::field::integer;
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Package {
        name: String,
        sizes: Vec<i64>,
        fragile: Option<bool>,
    }

    impl FromJson for Package {
        fn read(members: &mut Members<'_>) -> Option<Self> {
            let name = members.required("name", text);
            let sizes = members.required("sizes", |sizes| sizes.list(2, integer));
            let fragile = members.optional("fragile", boolean);
            Some(Self { name: name?, sizes: sizes?, fragile: fragile? })
        }
    }

    /// The JSON pointers of the errors of an invalid body.
    fn pointers(body: &str) -> Vec<String> {
        let problem = parse::<Package>(body.as_bytes(), true).expect_err("refused");
        assert_eq!(problem.kind, Kind::Validation, "{body}");
        problem.errors.into_iter().map(|error| error.pointer.expect("a pointer")).collect()
    }

    #[test]
    fn a_valid_body_is_read() {
        let (read, _): (Package, _) = parse(br#" {"sizes": [1, 2], "name": "A"} "#, true).expect("a valid body");
        assert_eq!(read, Package { name: "A".into(), sizes: vec![1, 2], fragile: None });
        assert!(parse::<Package>(br#"{"name":"A","sizes":[],"fragile":null}"#, true).is_ok());
    }

    #[test]
    fn bodies_that_differ_in_formatting_only_have_the_same_canonical_form() {
        let form =
            |body: &str| parse::<Package>(body.as_bytes(), true).expect("a valid body").1.expect("a canonical form");
        let first = form(r#"{"name":"A","sizes":[1,2]}"#);

        assert_eq!(form(" {\"sizes\" : [1,\n2], \"name\":\"\\u0041\"}"), first);
        for other in [r#"{"name":"A","sizes":[2,1]}"#, r#"{"name":"A","sizes":[12]}"#, r#"{"name":"B","sizes":[1,2]}"#]
        {
            assert_ne!(form(other), first, "{other}");
        }
    }

    #[test]
    fn all_errors_of_a_body_are_reported_at_once() {
        let body = r#"{"sizes":[1.5,"2",null,true,{}],"fragile":"no","a/b~c":1}"#;
        assert_eq!(pointers(body), ["/name", "/sizes", "/fragile", "/a~1b~0c"]);
        let body = r#"{"name":"nul\u0000","sizes":[1.5,{}]}"#;
        assert_eq!(pointers(body), ["/name", "/sizes/0", "/sizes/1"]);
    }

    #[test]
    fn a_duplicate_or_unknown_member_is_refused() {
        assert_eq!(pointers(r#"{"name":"A","name":"B","sizes":[]}"#), ["/name"]);
        assert_eq!(pointers(r#"{"name":"A","sizes":[],"price":1}"#), ["/price"]);
    }

    #[test]
    fn a_body_must_be_an_object() {
        for body in ["[]", "[\"A\",[],null]", "1", "\"name\"", "null", "true"] {
            assert_eq!(pointers(body), [ROOT], "{body}");
        }
    }

    #[test]
    fn malformed_json_and_invalid_values_are_different_problems() {
        let deep = "[".repeat(200);
        let bad: [&[u8]; 6] =
            [b"", b"{\"name\":", b"{\"name\":\"\\ud800\"}", b"{\"name\":\"\xff\"}", deep.as_bytes(), b"{} {}"];
        for body in bad {
            assert_eq!(parse::<Package>(body, true).expect_err("refused").kind, Kind::MalformedJson);
        }
        for number in ["1e400", "9223372036854775808", "-9223372036854775809", "1.0", "1e2"] {
            pointers(&format!(r#"{{"name":"A","sizes":[{number}]}}"#));
        }
    }

    #[test]
    fn the_number_of_reported_errors_is_limited() {
        let body = format!("{{{}}}", (0..1_000).map(|n| format!("\"m{n}\":1")).collect::<Vec<_>>().join(","));
        assert!(pointers(&body).len() <= field::ERRORS_MAX);
    }
}
