//! What each kind of problem may look like, for the description.

use super::{Kind, Problem};

impl Problem {
    pub fn example(kind: Kind) -> Self {
        let told = detail(kind);
        match concerned(kind) {
            Some(pointer) if pointer.starts_with('/') => Self::about(kind, pointer, told),
            Some(parameter) => Self::about_parameter(kind, parameter, told),
            None => Self::new(kind, told),
        }
    }
}

fn detail(kind: Kind) -> &'static str {
    match kind {
        Kind::MalformedJson => "The body can't be read as JSON: expected `,` or `}` at line 1 column 17.",
        Kind::InvalidParameter => "id: UUID parsing failed: invalid length: found 3",
        Kind::InvalidHost => "A request has one header Host; this one has 2.",
        Kind::IdempotencyKeyMissing => "Name this request with a header Idempotency-Key of your own, such as a UUID.",
        Kind::IdempotencyKeyInvalid => "Send one Idempotency-Key, not several.",
        Kind::Unauthenticated => "Send one header: Authorization: Bearer <access token>.",
        Kind::InvalidToken => "the access token is not valid",
        Kind::TokenExpired => "the access token has expired",
        Kind::TokenRevoked => "the access token was revoked",
        Kind::InvalidCredentials => "e-mail address or password is wrong",
        Kind::InvalidRefreshToken => "the refresh token is not valid",
        Kind::RefreshTokenReused => "the refresh token was used before; sign in again",
        Kind::Forbidden => "A vendor may not place orders.",
        Kind::NotFound => "There is no such order.",
        Kind::MethodNotAllowed => "The header Allow lists what can be done here.",
        Kind::NotAcceptable => "Answers are application/json.",
        Kind::RequestTimeout => "The body must be here within 8 s.",
        Kind::RequestInProgress => "a request with this idempotency key is under way",
        Kind::RefreshInProgress => "this refresh token was turned a moment ago; use the tokens that came of it",
        Kind::InvalidState => "an order that is rejected can't be cancelled",
        Kind::EmailTaken => "an account with this e-mail address exists",
        Kind::AlreadyExists => "SKU-TURNTABLE is taken",
        Kind::InsufficientStock => "2 pieces would be on hand, 4 are reserved",
        Kind::PayloadTooLarge => "A body has at most 262144 bytes.",
        Kind::UriTooLong => "A URI has at most 8192 bytes.",
        Kind::UnsupportedMediaType => "Content-Type must be application/json.",
        Kind::UnsupportedEncoding => "Send the body as it is.",
        Kind::Validation => "a quantity is a whole number from 1 to 1000, got 0",
        Kind::IdempotencyKeyReused => "this idempotency key was used for another request",
        Kind::DuplicateSku => "on more than one line: SKU-HEADPHONES",
        Kind::UnknownSku => "not in the catalogue: SKU-GRAMOPHONE",
        Kind::CurrencyMismatch => "prices are in more than one currency: EUR, USD",
        Kind::TooManyRequests => "too many failed logins; try again in 840 s",
        Kind::HeadersTooLarge => "All headers together have at most 16384 bytes.",
        Kind::Internal => "Something went wrong on our side. The request id helps us to find out what.",
        Kind::Unavailable => "A service that this needs is not available at the moment. Trying again is safe.",
        Kind::Overloaded => "Too many requests are being answered; try again.",
        Kind::Timeout => "This took too long. What it was to change may still change; ask again, with the same key.",
    }
}

/// Which part of the request it is about: a pointer into the body, or a parameter.
fn concerned(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::InvalidParameter => Some("id"),
        Kind::InvalidHost => Some("host"),
        Kind::IdempotencyKeyMissing | Kind::IdempotencyKeyInvalid | Kind::IdempotencyKeyReused => {
            Some("idempotency-key")
        }
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
