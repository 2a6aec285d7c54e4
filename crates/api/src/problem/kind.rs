//! Every kind of problem: its code, which never changes, its status and its title. Clients branch on the code.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($name:ident $slug:literal $status:ident $title:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind { $(#[serde(rename = $slug)] $name),* }

        impl Kind {
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            /// The last part of its `type`, and its `code`.
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
    MalformedJson           "malformed-json"           BAD_REQUEST            "The body is not JSON";
    InvalidParameter        "invalid-parameter"        BAD_REQUEST            "A part of the path can't be read";
    InvalidHost             "invalid-host"             BAD_REQUEST            "The Host header can't be read";
    IdempotencyKeyMissing   "idempotency-key-missing"  BAD_REQUEST            "The Idempotency-Key header is missing";
    IdempotencyKeyInvalid   "idempotency-key-invalid"  BAD_REQUEST            "The Idempotency-Key header can't be read";
    Unauthenticated         "unauthenticated"          UNAUTHORIZED           "An access token is needed";
    InvalidToken            "invalid-token"            UNAUTHORIZED           "The access token is not valid";
    TokenExpired            "token-expired"            UNAUTHORIZED           "The access token has expired";
    TokenRevoked            "token-revoked"            UNAUTHORIZED           "The access token was revoked";
    InvalidCredentials      "invalid-credentials"      UNAUTHORIZED           "E-mail address or password is wrong";
    InvalidRefreshToken     "invalid-refresh-token"    UNAUTHORIZED           "The refresh token is not valid";
    RefreshTokenReused      "refresh-token-reused"     UNAUTHORIZED           "The refresh token was used before";
    Forbidden               "forbidden"                FORBIDDEN              "The caller may not do this";
    NotFound                "not-found"                NOT_FOUND              "There is nothing here";
    MethodNotAllowed        "method-not-allowed"       METHOD_NOT_ALLOWED     "This can't be done here";
    NotAcceptable           "not-acceptable"           NOT_ACCEPTABLE         "There is no answer of this type";
    RequestTimeout          "request-timeout"          REQUEST_TIMEOUT        "The request came too slowly";
    RequestInProgress       "request-in-progress"      CONFLICT               "The same request is under way";
    RefreshInProgress       "refresh-in-progress"      CONFLICT               "The refresh token is being turned";
    InvalidState            "invalid-state"            CONFLICT               "The present state does not allow this";
    EmailTaken              "email-taken"              CONFLICT               "The e-mail address has an account";
    AlreadyExists           "already-exists"           CONFLICT               "There is one of this name already";
    InsufficientStock       "insufficient-stock"       CONFLICT               "There is not that much stock";
    PayloadTooLarge         "payload-too-large"        PAYLOAD_TOO_LARGE      "The body is too large";
    UriTooLong              "uri-too-long"             URI_TOO_LONG           "The URI is too long";
    UnsupportedMediaType    "unsupported-media-type"   UNSUPPORTED_MEDIA_TYPE "The body must be application/json";
    UnsupportedEncoding     "unsupported-encoding"     UNSUPPORTED_MEDIA_TYPE "The body must not be encoded";
    Validation              "validation"               UNPROCESSABLE_ENTITY   "The request is not what is asked for";
    IdempotencyKeyReused    "idempotency-key-reused"   UNPROCESSABLE_ENTITY   "The key was used for another request";
    DuplicateSku            "duplicate-sku"            UNPROCESSABLE_ENTITY   "A SKU is on more than one line";
    UnknownSku              "unknown-sku"              UNPROCESSABLE_ENTITY   "A SKU is not in the catalogue";
    CurrencyMismatch        "currency-mismatch"        UNPROCESSABLE_ENTITY   "The currencies don't go together";
    TooManyRequests         "too-many-requests"        TOO_MANY_REQUESTS      "Too many tries";
    HeadersTooLarge         "headers-too-large"        REQUEST_HEADER_FIELDS_TOO_LARGE "The head is too large";
    Internal                "internal"                 INTERNAL_SERVER_ERROR  "Something went wrong on our side";
    Unavailable             "unavailable"              SERVICE_UNAVAILABLE    "A service that this needs is away";
    Overloaded              "overloaded"               SERVICE_UNAVAILABLE    "There is too much to do";
    Timeout                 "timeout"                  SERVICE_UNAVAILABLE    "The answer took too long";
}

impl Kind {
    /// RFC 6750: what to say in `WWW-Authenticate`, when something is to be said.
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

    /// Whether it passes by itself: its answer says in `Retry-After` when to try again.
    pub const fn passes(self) -> bool {
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
    fn every_kind_has_a_code_of_its_own() {
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
