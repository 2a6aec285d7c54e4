//! An origin whose web pages may call the API.

use axum::http::{HeaderValue, Uri};
use std::str::FromStr;

const ANY: &str = "*";

/// An origin as a browser sends it: `https://shop.example`, or `*` for every origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin(HeaderValue);

impl FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid =
            || format!("`{text}` is not an origin such as https://shop.example or http://localhost:3000, or *");
        if text != ANY {
            let uri: Uri = text.parse().map_err(|_not_a_uri| invalid())?;
            let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
            if !is_web || uri.authority().is_none() || text.matches('/').count() != 2 {
                return Err(invalid());
            }
        }
        HeaderValue::from_str(&text.to_ascii_lowercase()).map(Self).map_err(|_not_ascii| invalid())
    }
}

impl AllowedOrigin {
    pub fn is_any(&self) -> bool {
        self.0 == ANY
    }

    pub fn as_header(&self) -> &HeaderValue {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host_without_a_path() {
        for good in ["https://shop.example", "http://localhost:3000", "*"] {
            assert!(good.parse::<AllowedOrigin>().is_ok(), "{good}");
        }
        for bad in
            ["", "shop.example", "https://shop.example/", "https://shop.example/page", "ftp://shop.example", "https://"]
        {
            assert!(bad.parse::<AllowedOrigin>().is_err(), "{bad}");
        }
    }
}
