//! A client of the HTTP API.

use crate::seed::accounts::Login;
use anyhow::{Context, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A logged-in user.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    api: String,
    token: String,
}

/// What the API says of an order that it has accepted.
#[derive(Debug, Clone)]
pub struct PlacedOrder {
    pub id: Uuid,
    pub number: String,
}

impl Client {
    pub async fn log_in(api: &str, login: &Login) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(RESPONSE_TIMEOUT).tcp_nodelay(true).build()?;
        let mut client = Self { http, api: format!("{api}/api/v1"), token: String::new() };
        let credentials = json!({ "email": login.email, "password": login.password });
        let response = client.call(Method::POST, "/auth/login", Some(&credentials), &[]).await;
        let (status, body) = response.with_context(|| format!("is the api running at {api}?"))?;
        ensure!(
            status == StatusCode::OK,
            "{} can't log in ({status}): has `orderctl seed --demo` run? {body}",
            login.email
        );
        client.token = text(&body, "access_token")?;
        Ok(client)
    }

    /// Places an order for one unit.
    pub async fn place(&self, sku: &str, payment_method: &str) -> anyhow::Result<PlacedOrder> {
        let order = json!({ "items": [{ "sku": sku, "quantity": 1 }], "payment_method": payment_method });
        let key = Uuid::now_v7().to_string();
        let (status, body) = self.call(Method::POST, "/orders", Some(&order), &[("idempotency-key", &key)]).await?;
        ensure!(status == StatusCode::ACCEPTED, "the order for {sku} was not accepted ({status}): {body}");
        Ok(PlacedOrder { id: text(&body, "order_id")?.parse()?, number: text(&body, "order_number")? })
    }

    pub async fn cancel(&self, order: Uuid) -> anyhow::Result<()> {
        let reason = json!({ "reason": "customer_request", "note": "changed my mind" });
        let (status, body) = self.call(Method::POST, &format!("/orders/{order}/cancel"), Some(&reason), &[]).await?;
        ensure!(status.is_success(), "order {order} can't be cancelled ({status}): {body}");
        Ok(())
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let (status, body) = self.call(Method::GET, path, None, &[]).await?;
        ensure!(status == StatusCode::OK, "GET {path} responded {status}: {body}");
        Ok(body)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<(StatusCode, Value)> {
        let mut request = self.http.request(method, format!("{}{path}", self.api)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await?;
        let status = response.status();
        Ok((status, response.json().await.unwrap_or(Value::Null)))
    }
}

/// The items of a list response.
pub fn entries(body: &Value) -> &[Value] {
    body["items"].as_array().map_or(&[], Vec::as_slice)
}

pub fn text(body: &Value, member: &str) -> anyhow::Result<String> {
    let text = body[member].as_str().with_context(|| format!("no {member} in {body}"))?;
    Ok(text.to_owned())
}
