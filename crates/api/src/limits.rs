//! Limits that apply before a route handles a request: size of the headers, concurrency, duration, media type.

use crate::client_address::ClientAddress;
use crate::problem::{Kind, Problem};
use crate::rate_limits::{AppliedLimits, Class, Subject, add_headers};
use crate::state::AppState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ACCEPT, HOST};
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;

const URI_LENGTH_MAX: usize = 8 * 1024;
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// The routes of [`Class::Auth`].
const AUTH_ROUTES: &str = "/api/v1/auth/";
/// How long a handler may take. A detached change goes on after it; a retry with the same key returns its result.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// 414 for a long URI, 431 for large headers, 400 for a missing or repeated `Host`.
pub fn check_headers(request: &Request) -> Result<(), Problem> {
    if uri_length(request.uri()) > URI_LENGTH_MAX {
        return Err(Problem::new(Kind::UriTooLong, format!("The URI must have at most {URI_LENGTH_MAX} bytes")));
    }
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > HEADER_BYTES_MAX {
        let detail = format!("All request headers together must have at most {HEADER_BYTES_MAX} bytes");
        return Err(Problem::new(Kind::HeadersTooLarge, detail));
    }
    check_host(request)
}

/// RFC 9112, 3.2: an HTTP/1.1 request has exactly one `Host`. With two, a proxy may have routed by the other one.
fn check_host(request: &Request) -> Result<(), Problem> {
    let detail = match request.headers().get_all(HOST).iter().count() {
        1 => return Ok(()),
        0 if request.version() < Version::HTTP_11 => return Ok(()),
        0 => "`Host` is required in HTTP/1.1, such as `Host: localhost:8000`".to_owned(),
        many => format!("`Host` must be sent once, got {many} of them"),
    };
    Err(Problem::about_parameter(Kind::InvalidHost, "host", detail))
}

fn uri_length(uri: &Uri) -> usize {
    let parts =
        [uri.scheme_str(), uri.authority().map(Authority::as_str), uri.path_and_query().map(PathAndQuery::as_str)];
    parts.into_iter().flatten().map(str::len).sum()
}

/// Media ranges that include the media type of a route's responses.
type Ranges = &'static [&'static str];

const JSON: Ranges = &["application/json", "application/problem+json", "application/*", "*/*"];
const JSON_OR_CSV: Ranges =
    &["application/json", "application/problem+json", "application/*", "*/*", "text/csv", "text/*"];
const EVENT_STREAM: Ranges = &["text/event-stream", "text/*", "*/*"];

fn accepts(headers: &HeaderMap, ranges: Ranges) -> bool {
    let mut values = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes).map(String::from_utf8_lossy).peekable();
    values.peek().is_none() || values.any(|value| value.split(',').any(|range| covers(range, ranges)))
}

fn covers(range: &str, ranges: Ranges) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let refused = parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
    !refused && ranges.contains(&media_type.as_str())
}

/// Browsers list HTML but not JSON; programs list JSON or accept anything.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    headers.contains_key(ACCEPT) && accepts(headers, &["text/html"]) && !accepts(headers, &["application/json"])
}

/// For a route that responds with JSON or CSV.
pub fn accepts_csv_only(headers: &HeaderMap) -> bool {
    headers.contains_key(ACCEPT) && accepts(headers, &["text/csv"]) && !accepts(headers, JSON)
}

/// 406 if the client does not accept JSON; 429 if the rate limit of its address is reached; 503 if too many requests are
/// in progress or the handler takes too long.
pub async fn admit(state: State<AppState>, request: Request, next: Next) -> Response {
    let class = match request.method() {
        &Method::GET | &Method::HEAD => Class::Reads,
        _ if is_auth_route(&request) => Class::Auth,
        _ => Class::Writes,
    };
    admit_ranges(state, request, next, JSON, class).await
}

/// The same for routes that respond with JSON or CSV.
pub async fn admit_tables(state: State<AppState>, request: Request, next: Next) -> Response {
    admit_ranges(state, request, next, JSON_OR_CSV, Class::Reads).await
}

/// The URI does not show it: a nested router sees a path without its prefix.
fn is_auth_route(request: &Request) -> bool {
    request.extensions().get::<MatchedPath>().is_some_and(|route| route.as_str().starts_with(AUTH_ROUTES))
}

/// The same for routes that respond with events. These routes limit what follows the response headers themselves.
pub async fn admit_streams(state: State<AppState>, request: Request, next: Next) -> Response {
    admit_ranges(state, request, next, EVENT_STREAM, Class::Streams).await
}

async fn admit_ranges(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
    ranges: Ranges,
    class: Class,
) -> Response {
    if !accepts(request.headers(), ranges) {
        let detail = format!("`Accept` must allow `{}`", ranges[0]);
        return Problem::about_parameter(Kind::NotAcceptable, "accept", detail).into_response();
    }
    let applied = AppliedLimits::of(class);
    request.extensions_mut().insert(applied.clone());
    let address = ClientAddress::of(request.extensions(), request.headers(), &state);
    let response = match admit_address(&state, address, &applied).await {
        Ok(()) => run(&state, request, next).await,
        Err(problem) => problem.into_response(),
    };
    complete(response, &applied).await
}

/// The same for public files, such as the OpenAPI description: nobody is authenticated and no database is asked.
pub async fn admit_files(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let applied = AppliedLimits::of(Class::Reads);
    let address = ClientAddress::of(request.extensions(), request.headers(), &state);
    let response = match admit_address(&state, address, &applied).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    complete(response, &applied).await
}

async fn admit_address(state: &AppState, address: ClientAddress, applied: &AppliedLimits) -> Result<(), Problem> {
    let ClientAddress(address) = address;
    state.rate_limits.admit(applied, Subject::of_address(address)).await
}

async fn complete(mut response: Response, applied: &AppliedLimits) -> Response {
    add_headers(response.headers_mut(), applied);
    applied.delay_refusal().await;
    response
}

async fn run(state: &AppState, request: Request, next: Next) -> Response {
    let Ok(_permit) = state.requests.try_acquire() else {
        return Problem::overloaded("Too many requests are in progress; retry after the time in `Retry-After`")
            .into_response();
    };
    let response = tokio::time::timeout(REQUEST_TIMEOUT, async {
        know_time(state).await;
        next.run(request).await
    });
    response.await.unwrap_or_else(|_too_slow| {
        let detail = format!(
            "The request took longer than {} s. The change may still happen: retry with the same `Idempotency-Key`",
            REQUEST_TIMEOUT.as_secs()
        );
        Problem::new(Kind::Timeout, detail).retry_after(Duration::from_secs(1)).into_response()
    })
}

/// Before the first connection to the database the time is that of this machine, which may be wrong: tokens would be
/// issued for another time than the one they are checked at. A new connection synchronizes the clock. If there is none,
/// the route responds that the database is unavailable.
async fn know_time(state: &AppState) {
    if !platform::clock::is_synchronized() {
        drop(platform::postgres::reader(&state.vital).await);
    }
}

/// 500 for a handler that panicked. The panic hook has logged the location.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer expects")]
pub fn panic_response(panic: Box<dyn Any + Send>) -> Response {
    Problem::panicked(panic.as_ref()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(range: &'static str, ranges: Ranges) -> bool {
        accepts(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(range))]), ranges)
    }

    #[test]
    fn a_client_that_accepts_json_is_served() {
        assert!(accepts(&HeaderMap::new(), JSON));
        for good in ["*/*", "application/json", "text/html, application/*;q=0.8", "Application/JSON; charset=utf-8"] {
            assert!(is_accepted(good, JSON), "{good}");
        }
        for bad in ["application/xml", "text/html", "application/json;q=0", "image/*", "text/event-stream"] {
            assert!(!is_accepted(bad, JSON), "{bad}");
        }
    }

    #[test]
    fn a_client_that_accepts_event_streams_is_served_a_stream() {
        for (range, good) in [("text/event-stream", true), ("*/*", true), ("text/*", true), ("application/json", false)]
        {
            assert_eq!(is_accepted(range, EVENT_STREAM), good, "{range}");
        }
    }
}
