//! The requests of the benchmark: orders of two lines, each with a unique key, and reads.

use super::connection::Connection;
use super::seed::{SKUS, sku};
use crate::seed::accounts::{CUSTOMER, Login};
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::net::SocketAddr;
use uuid::Uuid;

/// The api's address and the access token for it.
#[derive(Debug, Clone)]
pub struct Caller {
    pub api: SocketAddr,
    token: String,
}

impl Caller {
    pub async fn log_in(api: SocketAddr) -> anyhow::Result<Self> {
        let Login { email, password, .. } = CUSTOMER;
        let credentials = json!({ "email": email, "password": password }).to_string();
        let request = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: {api}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{credentials}",
            credentials.len()
        );
        let mut connection = Connection::open(api).await?;
        let response = connection.exchange(request.as_bytes()).await?;
        ensure!(response.status == 200, "{email} can't log in ({}): has `orderctl bench seed` run?", response.status);
        Ok(Self { api, token: text(response.body, "access_token")? })
    }

    /// An order for one unit of each of two SKUs, which are derived from its random key.
    pub fn order(&self, hot: bool) -> Vec<u8> {
        let key = Uuid::new_v4();
        let [first, second] = lines(key, hot);
        let (first, second) = (sku(first), sku(second));
        let body = format!(r#"{{"items":[{{"sku":"{first}","quantity":1}},{{"sku":"{second}","quantity":1}}]}}"#);
        let head = format!(
            "POST /api/v1/orders HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nidempotency-key: {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.api,
            self.token,
            body.len()
        );
        (head + &body).into_bytes()
    }

    /// A GET request for `path` under the api's base path.
    pub fn get(&self, path: &str) -> Vec<u8> {
        let Self { api, token } = self;
        let head = format!("GET /api/v1{path} HTTP/1.1\r\nhost: {api}\r\nauthorization: Bearer {token}\r\n\r\n");
        head.into_bytes()
    }
}

/// The numbers of two different SKUs; if `hot`, the first is always the same.
fn lines(key: Uuid, hot: bool) -> [u64; 2] {
    // The last 62 bits are random: 31 bits per SKU are enough for a thousand SKUs.
    let (_, low) = key.as_u64_pair();
    let first = if hot { 0 } else { (low & 0x7fff_ffff) % SKUS };
    let step = 1 + ((low >> 31) & 0x7fff_ffff) % (SKUS - 1);
    [first, (first + step) % SKUS]
}

/// A text member of a JSON response.
pub fn text(body: &[u8], member: &str) -> anyhow::Result<String> {
    let body: Value = serde_json::from_slice(body).context("the response is not JSON")?;
    body[member].as_str().map(str::to_owned).with_context(|| format!("the response has no `{member}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_an_order_have_different_skus() {
        for hot in [false, true] {
            for _ in 0..10_000 {
                let [first, second] = lines(Uuid::new_v4(), hot);
                assert!(first != second && first < SKUS && second < SKUS, "{first} {second}");
                assert!(!hot || first == 0);
            }
        }
    }
}
