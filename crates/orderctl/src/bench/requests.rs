//! What is sent: orders of two lines under a key of their own, and questions.

use super::connection::Connection;
use super::seed::{SKUS, sku};
use crate::seed::accounts::{CUSTOMER, Login};
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::net::SocketAddr;
use uuid::Uuid;

/// The api, and who asks it.
#[derive(Debug, Clone)]
pub struct Caller {
    pub api: SocketAddr,
    token: String,
}

impl Caller {
    pub async fn log_in(api: SocketAddr) -> anyhow::Result<Self> {
        let Login { email, password, .. } = CUSTOMER;
        let who = json!({ "email": email, "password": password }).to_string();
        let request = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: {api}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{who}",
            who.len()
        );
        let mut connection = Connection::open(api).await?;
        let answer = connection.exchange(request.as_bytes()).await?;
        ensure!(answer.status == 200, "{email} can't log in ({}): has `orderctl bench seed` run?", answer.status);
        Ok(Self { api, token: text(answer.body, "access_token")? })
    }

    /// An order for one piece each of two SKUs. Its key is its only source of chance.
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

    /// `path` under the api's base.
    pub fn get(&self, path: &str) -> Vec<u8> {
        let Self { api, token } = self;
        let head = format!("GET /api/v1{path} HTTP/1.1\r\nhost: {api}\r\nauthorization: Bearer {token}\r\n\r\n");
        head.into_bytes()
    }
}

/// Two different SKUs; the first is the hot one when there is one.
fn lines(key: Uuid, hot: bool) -> [u64; 2] {
    // The last 62 bits are random, and two draws of 31 are enough for a thousand.
    let (_, low) = key.as_u64_pair();
    let first = if hot { 0 } else { (low & 0x7fff_ffff) % SKUS };
    let step = 1 + ((low >> 31) & 0x7fff_ffff) % (SKUS - 1);
    [first, (first + step) % SKUS]
}

/// A text member of a JSON answer.
pub fn text(body: &[u8], member: &str) -> anyhow::Result<String> {
    let body: Value = serde_json::from_slice(body).context("an answer that is no JSON")?;
    body[member].as_str().map(str::to_owned).with_context(|| format!("an answer without {member}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_never_names_a_sku_twice() {
        for hot in [false, true] {
            for _ in 0..10_000 {
                let [first, second] = lines(Uuid::new_v4(), hot);
                assert!(first != second && first < SKUS && second < SKUS, "{first} {second}");
                assert!(!hot || first == 0);
            }
        }
    }
}
