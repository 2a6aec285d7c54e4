//! An example of each kind of problem, for the OpenAPI description and for the page of the kind.

use super::{INTERNAL, Kind, Problem, UNAVAILABLE};

impl Problem {
    pub fn example(kind: Kind) -> Self {
        let detail = detail(kind);
        match source(kind) {
            Some(pointer) if pointer.starts_with('/') => Self::about(kind, pointer, detail),
            Some(parameter) => Self::about_parameter(kind, parameter, detail),
            None => Self::new(kind, detail),
        }
    }
}

fn detail(kind: Kind) -> &'static str {
    match kind {
        Kind::MalformedJson => "The request body is not valid JSON: expected `,` or `}` at line 1 column 17",
        Kind::InvalidParameter => "`id` must be a UUID, got `123`",
        Kind::InvalidHost => "`Host` must be sent once, got 2 of them",
        Kind::IdempotencyKeyMissing => {
            "`Idempotency-Key` is required: send a value of your own, such as a UUID, so that the request can be \
             repeated without harm"
        }
        Kind::IdempotencyKeyInvalid => "`Idempotency-Key` appears more than once; send it once",
        Kind::IdempotencyKeyUnsupported => "`Idempotency-Key` is not supported by this route; leave it out",
        Kind::Unauthenticated => {
            "Send the header `Authorization: Bearer <access token>` once; POST /api/v1/auth/login gives a token"
        }
        Kind::InvalidToken => "The access token is not valid; log in again",
        Kind::TokenExpired => "The access token has expired; get a new one with POST /api/v1/auth/refresh",
        Kind::TokenRevoked => "The access token was revoked; log in again",
        Kind::InvalidCredentials => "`email` or `password` is wrong",
        Kind::InvalidRefreshToken => "`refresh_token` is unknown, expired or revoked; log in again",
        Kind::RefreshTokenReused => "`refresh_token` was used before, so this session has ended; log in again",
        Kind::PasswordChangeRequired => {
            "Change your password first with POST /api/v1/auth/password: somebody else has set it"
        }
        Kind::Forbidden => "Role `vendor` may not place orders; this needs role `customer` or `admin`",
        Kind::NotFound => "No such order, or you have no access to it",
        Kind::MethodNotAllowed => "`DELETE` is not supported by this path; use `GET`, `HEAD` or `POST`",
        Kind::NotAcceptable => "`Accept` must allow `application/json`",
        Kind::RequestTimeout => "The request body was not received within 8 s",
        Kind::RequestInProgress => "A request with this `Idempotency-Key` is in progress; retry in a moment",
        Kind::RefreshInProgress => {
            "`refresh_token` was exchanged a moment ago; use the tokens from that response, or log in again"
        }
        Kind::InvalidState => "An order that is rejected can't be cancelled; only `pending` and `confirmed` orders can",
        Kind::EmailTaken => "An account with this `email` exists; log in instead",
        Kind::AlreadyExists => "`sku`: a product `SKU-TURNTABLE` exists; choose another SKU, or change that product",
        Kind::InsufficientStock => "`quantity`: removing 20 units would leave -10; 10 are on hand, 0 reserved",
        Kind::RefundTooLarge => "`lines`: 2 units of line 1 were requested, 1 are captured and not refunded",
        Kind::PayloadTooLarge => "The request body must have at most 262144 bytes",
        Kind::UriTooLong => "The URI must have at most 8192 bytes",
        Kind::UnsupportedMediaType => {
            "`Content-Type` must be `application/json` or `application/…+json`, got `text/plain`"
        }
        Kind::UnsupportedEncoding => "`Content-Encoding` is not supported; send the body uncompressed",
        Kind::Validation => "`items[0].quantity` must be a whole number from 1 to 1000, got `0`",
        Kind::IdempotencyKeyReused => {
            "This `Idempotency-Key` was used for another request; send a new key for a new request"
        }
        Kind::DuplicateSku => "`items`: on more than one line: SKU-HEADPHONES; put each SKU on one line",
        Kind::UnknownSku => "`items`: not in the catalogue: SKU-GRAMOPHONE; see GET /api/v1/products",
        Kind::CurrencyMismatch => "`items`: prices are in more than one currency: EUR, USD; order them separately",
        Kind::TooManyRequests => {
            "The limit of 1200 changes per 60 s for your account is reached; wait for the time in `Retry-After`"
        }
        Kind::HeadersTooLarge => "All request headers together must have at most 16384 bytes",
        Kind::Internal => INTERNAL,
        Kind::Unavailable => UNAVAILABLE,
        Kind::Overloaded => "Too many requests are in progress; retry after the time in `Retry-After`",
        Kind::Timeout => {
            "The request took longer than 15 s. The change may still happen: retry with the same `Idempotency-Key`"
        }
    }
}

/// The part of the request that the problem is about: a JSON pointer, or the name of a parameter.
fn source(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::InvalidParameter => Some("id"),
        Kind::InvalidHost => Some("host"),
        Kind::IdempotencyKeyMissing
        | Kind::IdempotencyKeyInvalid
        | Kind::IdempotencyKeyUnsupported
        | Kind::IdempotencyKeyReused => Some("idempotency-key"),
        Kind::NotAcceptable => Some("accept"),
        Kind::UnsupportedMediaType => Some("content-type"),
        Kind::UnsupportedEncoding => Some("content-encoding"),
        Kind::EmailTaken => Some("/email"),
        Kind::AlreadyExists => Some("/sku"),
        Kind::InsufficientStock => Some("/quantity"),
        Kind::Validation => Some("/items/0/quantity"),
        Kind::DuplicateSku | Kind::UnknownSku => Some("/items/0/sku"),
        Kind::CurrencyMismatch => Some("/items"),
        _ => None,
    }
}
