//! The kinds of problems: code, status and title. Clients branch on the code, so codes never change.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($name:ident $slug:literal $status:ident $title:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind { $(#[serde(rename = $slug)] $name),* }

        impl Kind {
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            /// The `code`, which is also the last part of `type`.
            pub const fn slug(self) -> &'static str {
                match self { $(Kind::$name => $slug),* }
            }

            pub const fn status(self) -> StatusCode {
                match self { $(Kind::$name => StatusCode::$status),* }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Kind::$name => $title),* }
            }
        }
    };
}

kinds! {
    MalformedJson           "malformed-json"           BAD_REQUEST            "Invalid JSON";
    InvalidParameter        "invalid-parameter"        BAD_REQUEST            "Invalid parameter";
    InvalidHost             "invalid-host"             BAD_REQUEST            "Invalid Host header";
    IdempotencyKeyMissing   "idempotency-key-missing"  BAD_REQUEST            "Idempotency key required";
    IdempotencyKeyInvalid   "idempotency-key-invalid"  BAD_REQUEST            "Invalid idempotency key";
    IdempotencyKeyUnsupported "idempotency-key-unsupported" BAD_REQUEST      "Idempotency key not supported";
    Unauthenticated         "unauthenticated"          UNAUTHORIZED           "Authentication required";
    InvalidToken            "invalid-token"            UNAUTHORIZED           "Invalid access token";
    TokenExpired            "token-expired"            UNAUTHORIZED           "Access token expired";
    TokenRevoked            "token-revoked"            UNAUTHORIZED           "Access token revoked";
    InvalidCredentials      "invalid-credentials"      UNAUTHORIZED           "Invalid credentials";
    InvalidRefreshToken     "invalid-refresh-token"    UNAUTHORIZED           "Invalid refresh token";
    RefreshTokenReused      "refresh-token-reused"     UNAUTHORIZED           "Refresh token reused";
    PasswordChangeRequired  "password-change-required" FORBIDDEN              "Password change required";
    Forbidden               "forbidden"                FORBIDDEN              "Forbidden";
    NotFound                "not-found"                NOT_FOUND              "Not found";
    MethodNotAllowed        "method-not-allowed"       METHOD_NOT_ALLOWED     "Method not allowed";
    NotAcceptable           "not-acceptable"           NOT_ACCEPTABLE         "Not acceptable";
    RequestTimeout          "request-timeout"          REQUEST_TIMEOUT        "Request timeout";
    RequestInProgress       "request-in-progress"      CONFLICT               "Request in progress";
    RefreshInProgress       "refresh-in-progress"      CONFLICT               "Refresh token already used";
    InvalidState            "invalid-state"            CONFLICT               "Not possible in the current state";
    EmailTaken              "email-taken"              CONFLICT               "E-mail address already registered";
    AlreadyExists           "already-exists"           CONFLICT               "Already exists";
    InsufficientStock       "insufficient-stock"       CONFLICT               "Insufficient stock";
    RefundTooLarge          "refund-too-large"         CONFLICT               "Refund too large";
    PayloadTooLarge         "payload-too-large"        PAYLOAD_TOO_LARGE      "Payload too large";
    UriTooLong              "uri-too-long"             URI_TOO_LONG           "URI too long";
    UnsupportedMediaType    "unsupported-media-type"   UNSUPPORTED_MEDIA_TYPE "Unsupported media type";
    UnsupportedEncoding     "unsupported-encoding"     UNSUPPORTED_MEDIA_TYPE "Unsupported content encoding";
    Validation              "validation"               UNPROCESSABLE_ENTITY   "Invalid request";
    IdempotencyKeyReused    "idempotency-key-reused"   UNPROCESSABLE_ENTITY   "Idempotency key reused";
    DuplicateSku            "duplicate-sku"            UNPROCESSABLE_ENTITY   "Duplicate SKU";
    UnknownSku              "unknown-sku"              UNPROCESSABLE_ENTITY   "Unknown SKU";
    CurrencyMismatch        "currency-mismatch"        UNPROCESSABLE_ENTITY   "Currency mismatch";
    TooManyRequests         "too-many-requests"        TOO_MANY_REQUESTS      "Too many requests";
    HeadersTooLarge         "headers-too-large"        REQUEST_HEADER_FIELDS_TOO_LARGE "Request header fields too large";
    Internal                "internal"                 INTERNAL_SERVER_ERROR  "Internal server error";
    Unavailable             "unavailable"              SERVICE_UNAVAILABLE    "Service unavailable";
    Overloaded              "overloaded"               SERVICE_UNAVAILABLE    "Too many requests in progress";
    Timeout                 "timeout"                  SERVICE_UNAVAILABLE    "Request timed out";
}

impl Kind {
    /// The value of `WWW-Authenticate` (RFC 6750), where the response needs one.
    pub const fn challenge(self) -> Option<&'static str> {
        match self {
            Self::Unauthenticated => Some(r#"Bearer realm="orderflow""#),
            Self::InvalidToken => Some(r#"Bearer realm="orderflow", error="invalid_token""#),
            Self::TokenExpired | Self::TokenRevoked => {
                Some(r#"Bearer realm="orderflow", error="invalid_token", error_description="expired or revoked""#)
            }
            _ => None,
        }
    }

    /// Whether the same request may succeed later: its response has `Retry-After`.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RequestInProgress | Self::TooManyRequests | Self::Unavailable | Self::Overloaded | Self::Timeout
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_a_different_code() {
        let slugs: HashSet<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        assert_eq!(slugs.len(), Kind::ALL.len());
    }

    #[test]
    fn the_codes_that_clients_know_never_change() {
        let listed: Vec<_> =
            Kind::ALL.iter().map(|kind| format!("{} {}", kind.status().as_u16(), kind.slug())).collect();
        insta::assert_snapshot!(listed.join("\n"));
    }
}
