//! Cause and remedy of each kind of problem, for the page that its `type` links to.

use super::Kind;

/// Explanations for people; programs use the codes.
#[derive(Debug, Clone, Copy)]
pub struct Guide {
    pub cause: &'static str,
    pub cure: &'static str,
}

const fn guide(cause: &'static str, cure: &'static str) -> Guide {
    Guide { cause, cure }
}

impl Kind {
    #[expect(clippy::too_many_lines, reason = "a table with one entry per kind")]
    pub const fn guide(self) -> Guide {
        match self {
            Self::MalformedJson => guide(
                "The request body is not valid JSON, is incomplete, or is empty where a body is required.",
                "Send one JSON object in UTF-8. The detail names the line and column of the first error.",
            ),
            Self::InvalidParameter => guide(
                "A path parameter or a header has an invalid value.",
                "Correct the parameter that the detail names. Ids are UUIDs as the API returned them.",
            ),
            Self::InvalidHost => guide(
                "An HTTP/1.1 request must have one Host header; this one has none or several.",
                "Send the Host header once. HTTP libraries do this automatically.",
            ),
            Self::IdempotencyKeyMissing => guide(
                "This request changes something and must be safe to repeat, so it needs an idempotency key.",
                "Send the Idempotency-Key header with a new UUID per request, and the same one when you repeat it.",
            ),
            Self::IdempotencyKeyInvalid => guide(
                "The Idempotency-Key header is empty, too long, sent more than once, or not visible ASCII.",
                "Send the header once, with 1 to 255 visible ASCII characters, such as a UUID.",
            ),
            Self::IdempotencyKeyUnsupported => guide(
                "The request has an Idempotency-Key, but this route does not support one: it changes nothing, is idempotent \
                 by itself (PUT, PATCH), or responds with tokens, which are never stored.",
                "Remove the header. The documentation of each route shows whether it accepts one.",
            ),
            Self::Unauthenticated => guide(
                "The request has no access token, or the Authorization header does not use the Bearer scheme.",
                "Log in with POST /api/v1/auth/login and send its access_token as Authorization: Bearer <token>.",
            ),
            Self::InvalidToken => guide(
                "The access token is malformed, or was signed by another installation or with a retired key.",
                "Log in again and use the new access token.",
            ),
            Self::TokenExpired => guide(
                "Access tokens are valid for expires_in seconds, 15 minutes by default; this one is older.",
                "Exchange your refresh token with POST /api/v1/auth/refresh, or log in again.",
            ),
            Self::TokenRevoked => guide(
                "The account was disabled, or its role changed, after the token was issued.",
                "Log in again. If the login fails, ask an administrator about the account.",
            ),
            Self::InvalidCredentials => guide(
                "No enabled account has this e-mail address and password. The response does not reveal which one is wrong.",
                "Check both. After ten failures within 15 minutes, logins are refused until those minutes are over.",
            ),
            Self::PasswordChangeRequired => guide(
                "An operator has set this password, and knows it.",
                "Choose a new one with `POST /api/v1/auth/password`. The same token works for everything else then.",
            ),
            Self::InvalidRefreshToken => guide(
                "The refresh token is unknown, has expired, or was revoked by a logout or a change of role.",
                "Log in again.",
            ),
            Self::RefreshTokenReused => guide(
                "A refresh token can be used once. A second use may mean that it was stolen, so the \
                 session ends.",
                "Log in again. Store the new refresh token of each response, and let one process refresh at a time.",
            ),
            Self::Forbidden => guide(
                "You are logged in, but your role does not permit this action.",
                "Use an account with a role that the detail names, or ask an administrator for that role.",
            ),
            Self::NotFound => guide(
                "The path or the resource does not exist, or the resource belongs to another user.",
                "Check the path and the id. All routes are listed at /docs.",
            ),
            Self::MethodNotAllowed => {
                guide("The path does not support this HTTP method.", "Use one of the methods in the Allow header.")
            }
            Self::NotAcceptable => guide(
                "The Accept header excludes the only media type of this route's responses.",
                "Accept application/json, or text/event-stream for streams, or remove the header.",
            ),
            Self::RequestTimeout => {
                guide("The request body arrived too slowly.", "Repeat the request and send the whole body at once.")
            }
            Self::RequestInProgress => guide(
                "The first request with this Idempotency-Key is still in progress.",
                "Wait for the seconds in Retry-After and repeat the request: you get the response of the first one.",
            ),
            Self::RefreshInProgress => guide(
                "The refresh token was exchanged seconds ago, and the new tokens have been sent twice already.",
                "Use the tokens from the earlier response. If you do not have it, log in again.",
            ),
            Self::InvalidState => guide(
                "The action is not possible in the current state of the resource, such as cancelling a shipped order.",
                "Read the resource again. The detail names its state and the possible actions.",
            ),
            Self::EmailTaken => {
                guide("An account with this e-mail address exists.", "Log in with it, or sign up with another address.")
            }
            Self::AlreadyExists => guide(
                "The name or code must be unique and is in use.",
                "Choose another one, or change the existing resource.",
            ),
            Self::RefundTooLarge => guide(
                "More units of a line, or more money, than is captured and not refunded. Pending refunds count as refunded.",
                "Read the order's refunds with GET /orders/{id}/refunds, and request what the detail says is left.",
            ),
            Self::InsufficientStock => guide(
                "The change would leave less stock than is reserved for orders.",
                "Remove fewer units, or cancel orders that reserve them first.",
            ),
            Self::PayloadTooLarge => guide(
                "The request body is larger than the limit that the detail names.",
                "Split it into smaller requests.",
            ),
            Self::UriTooLong => {
                guide("Path and query together are longer than the limit that the detail names.", "Shorten the query.")
            }
            Self::UnsupportedMediaType => {
                guide("The body is not declared as JSON.", "Send the header Content-Type: application/json.")
            }
            Self::UnsupportedEncoding => guide(
                "The body is compressed, which this API does not support.",
                "Send the body uncompressed, without Content-Encoding.",
            ),
            Self::Validation => guide(
                "The request is well-formed, but one or more fields or query parameters are missing, unknown or out \
                 of range.",
                "Correct each field or parameter that is listed in errors. Each entry names what is allowed.",
            ),
            Self::IdempotencyKeyReused => guide(
                "This key was used before with another body or for another route.",
                "Use a new key for a new request. To get the earlier response, send the earlier body.",
            ),
            Self::DuplicateSku => guide(
                "Two or more lines of the order have the same SKU.",
                "Put each SKU on one line and add up the quantities.",
            ),
            Self::UnknownSku => guide(
                "The catalogue has no product with this SKU that can be ordered, or it is not yours.",
                "List products with GET /api/v1/products and use a SKU from there.",
            ),
            Self::CurrencyMismatch => guide(
                "The prices of the products are in several currencies, or not in the currency of the request.",
                "Place one order per currency. Send the currency of the prices, or no currency.",
            ),
            Self::TooManyRequests => guide(
                "Too many requests in a short time: a rate limit of your account, API key or address is reached, or you have \
                 too many streams open, or logins failed too often.",
                "Wait for the seconds in Retry-After, then retry. RateLimit in every response shows what is left.",
            ),
            Self::HeadersTooLarge => guide(
                "All request headers together are larger than the limit that the detail names.",
                "Send fewer or smaller headers; cookies are not needed.",
            ),
            Self::Internal => guide(
                "A defect in this service, or stored data that it can't read.",
                "Repeat the request once with the same Idempotency-Key. If it fails again, report the request_id to \
                 the operator.",
            ),
            Self::Unavailable => guide(
                "A service that the request needs, usually the database, is unreachable or busy.",
                "Wait for the seconds in Retry-After and repeat the request with the same Idempotency-Key.",
            ),
            Self::Overloaded => guide(
                "More requests are in progress than this process accepts at once.",
                "Wait for the seconds in Retry-After and repeat the request with the same Idempotency-Key.",
            ),
            Self::Timeout => guide(
                "The request took longer than the limit. The change that you requested may still happen.",
                "Repeat the request with the same Idempotency-Key, or read the resource to see whether it changed.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_cause_and_a_cure_in_whole_sentences() {
        for kind in Kind::ALL {
            let Guide { cause, cure } = kind.guide();
            assert!(cause.ends_with('.') && cure.ends_with('.') && cause != cure, "{}", kind.slug());
        }
    }
}
