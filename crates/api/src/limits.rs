//! What a request may cost before anybody looks at what it wants.

use crate::problem::{Kind, Problem};
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, HOST};
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderValue, Uri, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;

const URI_LENGTH_MAX: usize = 8 * 1024;
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long a handler may take. Work that changes something goes on after it; asking again tells what came of it.
const REQUEST_LIMIT: Duration = Duration::from_secs(15);

/// 414, 431 and, for a request that does not say whom it is for, 400.
pub fn head(request: &Request) -> Result<(), Problem> {
    if uri_length(request.uri()) > URI_LENGTH_MAX {
        return Err(Problem::new(Kind::UriTooLong, format!("The URI must have at most {URI_LENGTH_MAX} bytes")));
    }
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > HEAD_BYTES_MAX {
        let told = format!("All request headers together must have at most {HEAD_BYTES_MAX} bytes");
        return Err(Problem::new(Kind::HeadersTooLarge, told));
    }
    one_host(request)
}

/// RFC 9112, 3.2: HTTP/1.1 has one. Of two, a proxy before us may have gone by the other.
fn one_host(request: &Request) -> Result<(), Problem> {
    let told = match request.headers().get_all(HOST).iter().count() {
        1 => return Ok(()),
        0 if request.version() < Version::HTTP_11 => return Ok(()),
        0 => "`Host` is required in HTTP/1.1, such as `Host: localhost:8000`".to_owned(),
        many => format!("`Host` must be sent once, got {many} of them"),
    };
    Err(Problem::about_parameter(Kind::InvalidHost, "host", told))
}

fn uri_length(uri: &Uri) -> usize {
    let parts =
        [uri.scheme_str(), uri.authority().map(Authority::as_str), uri.path_and_query().map(PathAndQuery::as_str)];
    parts.into_iter().flatten().map(str::len).sum()
}

/// The media ranges that cover what a route answers with.
type Ranges = &'static [&'static str];

const JSON: Ranges = &["application/json", "application/problem+json", "application/*", "*/*"];
const EVENT_STREAM: Ranges = &["text/event-stream", "text/*", "*/*"];

fn accepts(headers: &HeaderMap, ranges: Ranges) -> bool {
    let mut asked = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes).map(String::from_utf8_lossy).peekable();
    asked.peek().is_none() || asked.any(|value| value.split(',').any(|range| covers(range, ranges)))
}

fn covers(range: &str, ranges: Ranges) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let refused = parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
    !refused && ranges.contains(&media_type.as_str())
}

/// Browsers name HTML and not JSON; programs name JSON or take anything.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    headers.contains_key(ACCEPT) && accepts(headers, &["text/html"]) && !accepts(headers, &["application/json"])
}

/// 406, since nearly everything here is answered in JSON; 503, when too much is being done already, or when it takes too
/// long.
pub async fn load(state: State<AppState>, request: Request, next: Next) -> Response {
    admit(state, request, next, JSON).await
}

/// The same for routes that answer with events. What they cost after the answer's head is theirs to limit.
pub async fn load_of_streams(state: State<AppState>, request: Request, next: Next) -> Response {
    admit(state, request, next, EVENT_STREAM).await
}

async fn admit(State(state): State<AppState>, request: Request, next: Next, ranges: Ranges) -> Response {
    if !accepts(request.headers(), ranges) {
        let told = format!("`Accept` must allow `{}`", ranges[0]);
        return Problem::about_parameter(Kind::NotAcceptable, "accept", told).into_response();
    }
    let Ok(_permit) = state.requests.try_acquire() else {
        return Problem::overloaded("Too many requests are in progress; retry after the time in `Retry-After`")
            .into_response();
    };
    let answer = tokio::time::timeout(REQUEST_LIMIT, next.run(request));
    answer.await.unwrap_or_else(|_too_slow| {
        let told = format!(
            "The request took longer than {} s. The change may still happen: retry with the same `Idempotency-Key`",
            REQUEST_LIMIT.as_secs()
        );
        Problem::new(Kind::Timeout, told).retry_after(Duration::from_secs(1)).into_response()
    })
}

/// 500: a handler panicked. The panic hook has logged where.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    panic_problem(panic.as_ref()).into_response()
}

/// The same for work that a handler has detached.
pub fn panic_problem(panic: &(dyn Any + Send)) -> Problem {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    Problem::internal(format!("panicked: {}", said.unwrap_or("without words")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_served(range: &'static str, ranges: Ranges) -> bool {
        accepts(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(range))]), ranges)
    }

    #[test]
    fn whoever_takes_json_is_served() {
        assert!(accepts(&HeaderMap::new(), JSON));
        for good in ["*/*", "application/json", "text/html, application/*;q=0.8", "Application/JSON; charset=utf-8"] {
            assert!(is_served(good, JSON), "{good}");
        }
        for bad in ["application/xml", "text/html", "application/json;q=0", "image/*", "text/event-stream"] {
            assert!(!is_served(bad, JSON), "{bad}");
        }
    }

    #[test]
    fn whoever_takes_events_is_served_with_a_stream() {
        for (range, good) in [("text/event-stream", true), ("*/*", true), ("text/*", true), ("application/json", false)]
        {
            assert_eq!(is_served(range, EVENT_STREAM), good, "{range}");
        }
    }
}
