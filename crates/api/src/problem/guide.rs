//! What causes each kind of problem, and what to do about it: the page that its `type` leads to.

use super::Kind;

/// For people; the codes are for programs.
#[derive(Debug, Clone, Copy)]
pub struct Guide {
    pub cause: &'static str,
    pub cure: &'static str,
}

const fn guide(cause: &'static str, cure: &'static str) -> Guide {
    Guide { cause, cure }
}

impl Kind {
    #[expect(clippy::too_many_lines, reason = "a table, an entry a kind")]
    pub const fn guide(self) -> Guide {
        match self {
            Self::MalformedJson => guide(
                "The request body is not valid JSON, is cut off, or is empty where a body is required.",
                "Send one JSON object in UTF-8. The detail names the line and column of the first mistake.",
            ),
            Self::InvalidParameter => guide(
                "A parameter of the path or a header has a value of the wrong form.",
                "Correct the parameter that the detail names. Ids are UUIDs as the API returned them.",
            ),
            Self::InvalidHost => guide(
                "An HTTP/1.1 request must have one Host header; this one has none or several.",
                "Send the header Host once. HTTP libraries do so on their own.",
            ),
            Self::IdempotencyKeyMissing => guide(
                "This request changes something and must be safe to repeat, so it needs a key of yours.",
                "Send the header Idempotency-Key with a new UUID per request, and the same one when you repeat it.",
            ),
            Self::IdempotencyKeyInvalid => guide(
                "The header Idempotency-Key is empty, too long, sent more than once, or not visible ASCII.",
                "Send the header once, with 1 to 255 visible ASCII characters. A UUID fits.",
            ),
            Self::IdempotencyKeyUnsupported => guide(
                "The request has an Idempotency-Key, but this route can't repeat an answer: it changes nothing, may be repeated \
                 anyway (PUT, PATCH), or answers with tokens, which are never stored.",
                "Leave the header out. The documentation of each route says whether it accepts one.",
            ),
            Self::Unauthenticated => guide(
                "The request has no access token, or the Authorization header is not of the form Bearer.",
                "Log in with POST /api/v1/auth/login and send its access_token as Authorization: Bearer <token>.",
            ),
            Self::InvalidToken => guide(
                "The access token is damaged, or was signed by another installation or by a retired key.",
                "Log in again and use the new access token.",
            ),
            Self::TokenExpired => guide(
                "Access tokens are valid for expires_in seconds, 15 minutes by default; this one is older.",
                "Exchange your refresh token with POST /api/v1/auth/refresh, or log in again.",
            ),
            Self::TokenRevoked => guide(
                "The account was disabled, or its role changed, after the token was issued.",
                "Log in again. If that is refused, ask an administrator about the account.",
            ),
            Self::InvalidCredentials => guide(
                "No enabled account has this e-mail address and this password. The answer does not say which is wrong.",
                "Check both. After ten failures within 15 minutes logins are refused for a while.",
            ),
            Self::InvalidRefreshToken => guide(
                "The refresh token is unknown, has expired, or was revoked by a logout or a change of role.",
                "Log in again.",
            ),
            Self::RefreshTokenReused => guide(
                "A refresh token can be used once. A second use may mean that somebody copied it, so all tokens of \
                 this login are revoked.",
                "Log in again. Store the new refresh token of each response, and let one process refresh at a time.",
            ),
            Self::Forbidden => guide(
                "You are logged in, but your role does not include this action.",
                "Use an account of a role that the detail names, or ask an administrator for the role.",
            ),
            Self::NotFound => guide(
                "Nothing exists at this path, or it belongs to somebody else.",
                "Check the path and the id. The routes are listed at /docs.",
            ),
            Self::MethodNotAllowed => {
                guide("The path exists, but not with this HTTP method.", "Use one of the methods in the Allow header.")
            }
            Self::NotAcceptable => guide(
                "The Accept header excludes the only media type that this route can answer with.",
                "Accept application/json, or text/event-stream for streams, or leave the header out.",
            ),
            Self::RequestTimeout => guide(
                "The request body arrived too slowly.",
                "Send the whole body at once over a stable connection, then repeat the request.",
            ),
            Self::RequestInProgress => guide(
                "Another request with the same Idempotency-Key is still being handled.",
                "Wait for the seconds in Retry-After and repeat the request: you get the answer of the first one.",
            ),
            Self::RefreshInProgress => guide(
                "The refresh token was exchanged seconds ago, and the new tokens were sent twice already.",
                "Use the tokens of the earlier response. If it is lost, log in again.",
            ),
            Self::InvalidState => guide(
                "The resource is in a state in which this action makes no sense, such as cancelling a shipped order.",
                "Read the resource again. The detail names the state and what is possible in it.",
            ),
            Self::EmailTaken => {
                guide("An account with this e-mail address exists.", "Log in with it, or sign up with another address.")
            }
            Self::AlreadyExists => guide(
                "The name or code is unique, and something else has it.",
                "Choose another one, or change what exists.",
            ),
            Self::InsufficientStock => guide(
                "The change would leave less stock than is reserved for orders.",
                "Remove fewer units, or cancel orders that reserve them first.",
            ),
            Self::PayloadTooLarge => {
                guide("The request body is larger than the limit that the detail names.", "Send less at once.")
            }
            Self::UriTooLong => {
                guide("Path and query together are longer than the limit that the detail names.", "Shorten the query.")
            }
            Self::UnsupportedMediaType => {
                guide("The body is not declared as JSON.", "Send the header Content-Type: application/json.")
            }
            Self::UnsupportedEncoding => guide(
                "The body is compressed, which this API does not accept.",
                "Send the body uncompressed and leave Content-Encoding out.",
            ),
            Self::Validation => guide(
                "The request is well-formed, but one or more fields or query parameters are missing, unknown or out \
                 of range.",
                "Correct each entry of errors. It names the field by JSON pointer, or the parameter, with what is \
                 allowed.",
            ),
            Self::IdempotencyKeyReused => guide(
                "This key was used before, with another body or by another kind of request.",
                "Use a new key for a new request; repeat the old body to get the old answer.",
            ),
            Self::DuplicateSku => guide(
                "The order has a SKU on more than one line.",
                "Put each SKU on one line and add up the quantities.",
            ),
            Self::UnknownSku => guide(
                "The catalogue has no product with this SKU that can be ordered, or it is not yours.",
                "List products with GET /api/v1/products and use a SKU from there.",
            ),
            Self::CurrencyMismatch => guide(
                "The products are priced in more than one currency, or in another one than you expect.",
                "Place one order per currency, and send the currency of the prices or none.",
            ),
            Self::TooManyRequests => guide(
                "There were too many attempts in a short time, such as failed logins of an account or an address.",
                "Wait for the seconds in Retry-After.",
            ),
            Self::HeadersTooLarge => guide(
                "All request headers together are larger than the limit that the detail names.",
                "Send fewer or smaller headers; cookies are not needed.",
            ),
            Self::Internal => guide(
                "A defect of this service, or data that it can't read.",
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
                "The answer took longer than the limit. The change that you requested may still happen.",
                "Repeat the request with the same Idempotency-Key, or read the resource before you decide.",
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
