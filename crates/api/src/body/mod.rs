//! Bodies of requests: read within limits, parsed as strict JSON, and checked member by member, so that an answer names
//! everything that is wrong at once.
//!
//! `serde`'s derives are not used here on purpose: they take a list for an object, keep the last of two members of one
//! name, and stop at the first mistake.

mod bytes;
mod field;
mod value;

pub use field::{Field, Members, boolean, one_of, parsed, secret, text, time, within};

use crate::problem::text::tick;
use crate::problem::{FieldError, Kind, Problem};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use value::Value;

/// Something that a body can be read as.
pub trait FromJson: Sized {
    /// `None` when something was wrong; what, stands in the members' errors.
    fn read(members: &mut Members<'_>) -> Option<Self>;

    /// What no body at all, or null, means, where that is allowed.
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
        let (parts, body) = request.into_parts();
        read(&parts.headers, body, false).await.map(|(read, _)| Self(read))
    }
}

/// The body, and if it `is_keyed` its canonical form: the same for two bodies that say the same.
pub async fn read_json<T: FromJson>(request: Request, is_keyed: bool) -> Result<(T, Vec<u8>), Problem> {
    let (parts, body) = request.into_parts();
    let (read, value) = read(&parts.headers, body, is_keyed).await?;
    Ok((read, value.map_or_else(|| Value::Object(Vec::new()).canonical(), |value| value.canonical())))
}

/// The body as `T`, and, if that is to be kept, as it was written; no body, or null, is no value.
async fn read<T: FromJson>(headers: &HeaderMap, body: Body, keeps_value: bool) -> Result<(T, Option<Value>), Problem> {
    check_encoding(headers)?;
    let media_type = check_media_type(headers);
    let bytes = bytes::read(headers, body).await?;
    if bytes.is_empty()
        && let Some(empty) = T::when_empty()
    {
        return Ok((empty, None));
    }
    media_type?;
    parse(&bytes, keeps_value)
}

/// Encoded bodies could unpack to any size, so none is taken.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let plain = |value: &[u8]| value.eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(|value| plain(value.as_bytes())) {
        return Ok(());
    }
    let told = "`Content-Encoding` is not supported; send the body uncompressed";
    Err(Problem::about_parameter(Kind::UnsupportedEncoding, "content-encoding", told))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let got = if given.is_empty() { "no such header".to_owned() } else { tick(given) };
    let told = format!("`Content-Type` must be `application/json`, got {got}");
    Err(Problem::about_parameter(Kind::UnsupportedMediaType, "content-type", told))
}

fn parse<T: FromJson>(bytes: &[u8], keeps_value: bool) -> Result<(T, Option<Value>), Problem> {
    let value = serde_json::from_slice::<Value>(bytes).map_err(|error| malformed(&error))?;
    if matches!(value, Value::Null) {
        let told = "`body` must be an object, got null";
        let empty = T::when_empty().ok_or_else(|| Problem::about(Kind::Validation, "", told))?;
        return Ok((empty, None));
    }
    let mut errors = Vec::new();
    let kept = keeps_value.then(|| value.clone());
    let read = Field::root(value, &mut errors).members(T::read);
    match read {
        Some(read) if errors.is_empty() => Ok((read, kept)),
        _ => Err(Problem::validation(errors)),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    let error = error.to_string();
    // 1e400 is JSON, but no number that anything here could be.
    if error.starts_with("number out of range") {
        return Problem::validation(vec![FieldError::in_body("", format!("`body` can't be read: {error}"))]);
    }
    Problem::new(Kind::MalformedJson, format!("The request body is not valid JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::field::whole;
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Box {
        name: String,
        sizes: Vec<i64>,
        fragile: Option<bool>,
    }

    impl FromJson for Box {
        fn read(members: &mut Members<'_>) -> Option<Self> {
            let name = members.required("name", text);
            let sizes = members.required("sizes", |sizes| sizes.list(2, whole));
            let fragile = members.optional("fragile", boolean);
            Some(Self { name: name?, sizes: sizes?, fragile: fragile? })
        }
    }

    fn errors(body: &str) -> Vec<(String, Option<String>)> {
        let problem = parse::<Box>(body.as_bytes(), true).expect_err("refused");
        assert_eq!(problem.kind, Kind::Validation, "{body}");
        problem.errors.into_iter().map(|error| (error.pointer.expect("a pointer"), Some(error.detail))).collect()
    }

    fn pointers(body: &str) -> Vec<String> {
        errors(body).into_iter().map(|(pointer, _)| pointer).collect()
    }

    #[test]
    fn a_good_body_is_read() {
        let (read, _): (Box, _) = parse(br#" {"sizes": [1, 2], "name": "A"} "#, true).expect("good");
        assert_eq!(read, Box { name: "A".into(), sizes: vec![1, 2], fragile: None });
        assert!(parse::<Box>(br#"{"name":"A","sizes":[],"fragile":null}"#, true).is_ok());
    }

    #[test]
    fn two_bodies_that_say_the_same_have_one_canonical_form() {
        let form = |body: &str| parse::<Box>(body.as_bytes(), true).expect("good").1.expect("a value").canonical();
        let first = form(r#"{"name":"A","sizes":[1,2]}"#);

        assert_eq!(form(" {\"sizes\" : [1,\n2], \"name\":\"\\u0041\"}"), first);
        for other in [r#"{"name":"A","sizes":[2,1]}"#, r#"{"name":"A","sizes":[12]}"#, r#"{"name":"B","sizes":[1,2]}"#]
        {
            assert_ne!(form(other), first, "{other}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let body = r#"{"sizes":[1.5,"2",null,true,{}],"fragile":"no","a/b~c":1}"#;
        assert_eq!(pointers(body), ["/name", "/sizes", "/fragile", "/a~1b~0c"]);
        let body = r#"{"name":"nul\u0000","sizes":[1.5,{}]}"#;
        assert_eq!(pointers(body), ["/name", "/sizes/0", "/sizes/1"]);
    }

    #[test]
    fn a_member_twice_or_unknown_is_refused() {
        assert_eq!(pointers(r#"{"name":"A","name":"B","sizes":[]}"#), ["/name"]);
        assert_eq!(pointers(r#"{"name":"A","sizes":[],"price":1}"#), ["/price"]);
    }

    #[test]
    fn only_an_object_is_a_body() {
        for body in ["[]", "[\"A\",[],null]", "1", "\"name\"", "null", "true"] {
            assert_eq!(pointers(body), [""], "{body}");
        }
    }

    #[test]
    fn what_is_not_json_is_told_apart_from_what_is_not_asked_for() {
        let deep = "[".repeat(200);
        let bad: [&[u8]; 6] =
            [b"", b"{\"name\":", b"{\"name\":\"\\ud800\"}", b"{\"name\":\"\xff\"}", deep.as_bytes(), b"{} {}"];
        for body in bad {
            assert_eq!(parse::<Box>(body, true).expect_err("refused").kind, Kind::MalformedJson);
        }
        for number in ["1e400", "9223372036854775808", "-9223372036854775809", "1.0", "1e2"] {
            errors(&format!(r#"{{"name":"A","sizes":[{number}]}}"#));
        }
    }

    #[test]
    fn a_body_full_of_mistakes_gets_a_short_answer() {
        let body = format!("{{{}}}", (0..1_000).map(|n| format!("\"m{n}\":1")).collect::<Vec<_>>().join(","));
        assert!(errors(&body).len() <= field::ERRORS_MAX);
    }
}
