//! A client of the API, with a method per use case of the tests.

use crate::eventually;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// How long a request is retried: longer than any restart of a process or service takes.
const RETRY_LIMIT: Duration = Duration::from_mins(2);
const RESPONSE_LIMIT: Duration = Duration::from_secs(15);
/// The password of every account that a test creates.
pub const PASSWORD: &str = "a long enough Passphrase 7";

#[derive(Debug, Clone)]
pub struct ApiClient {
    http: reqwest::Client,
    api: String,
    token: Option<String>,
}

/// An order to place. Placing the same value twice repeats one request, since it contains the idempotency key.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub lines: Vec<(&'static str, u32)>,
    pub payment_method: &'static str,
    pub key: String,
    /// Further members of the request.
    pub details: Value,
}

/// The response to a request to place an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub status: StatusCode,
    pub body: Value,
    pub replayed: bool,
    pub location: Option<String>,
}

impl NewOrder {
    pub fn of(sku: &'static str, quantity: u32) -> Self {
        Self {
            lines: vec![(sku, quantity)],
            payment_method: "sim_ok",
            key: Uuid::now_v7().to_string(),
            details: json!({}),
        }
    }

    #[must_use]
    pub fn paid_by(mut self, payment_method: &'static str) -> Self {
        self.payment_method = payment_method;
        self
    }

    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    fn body(&self) -> Value {
        let items: Vec<_> =
            self.lines.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect();
        let mut body = json!({ "items": items, "payment_method": self.payment_method });
        let details = self.details.as_object().cloned().unwrap_or_default();
        body.as_object_mut().expect("an object").extend(details);
        body
    }
}

impl Placed {
    /// The id of an order that was accepted.
    pub fn order_id(&self) -> Uuid {
        assert_eq!(self.status, StatusCode::ACCEPTED, "{}", self.body);
        id_in(&self.body, "order_id")
    }
}

impl ApiClient {
    pub fn new(url: &str) -> Self {
        let http = reqwest::Client::builder().timeout(RESPONSE_LIMIT).tcp_nodelay(true).build();
        Self { http: http.expect("a client without options can be built"), api: format!("{url}/api/v1"), token: None }
    }

    /// Creates an account and uses its tokens.
    pub async fn signed_up(mut self, name: &str) -> Self {
        let account = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        let (status, body) = self.send(self.request(Method::POST, "/auth/signup").json(&account)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        self.token = Some(access_token(&body));
        self
    }

    /// Logs in with the account that [`Self::signed_up`] created.
    pub async fn log_in_again(&mut self, name: &str) {
        self.log_in(&format!("{name}@example.com"), PASSWORD).await;
    }

    pub async fn log_in(&mut self, email: &str, password: &str) {
        let login = json!({ "email": email, "password": password });
        let (status, body) = self.send(self.request(Method::POST, "/auth/login").json(&login)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        self.token = Some(access_token(&body));
    }

    /// Places an order as a careful client does: retries with the same key until the response is final.
    pub async fn place(&self, order: &NewOrder) -> Placed {
        eventually("a final response to an order", RETRY_LIMIT, || async {
            let placed = self.try_place(order).await.map_err(|error| error.to_string())?;
            if is_retryable(placed.status) { Err(format!("{placed:?}")) } else { Ok(placed) }
        })
        .await
    }

    /// Places an order that must be accepted, and returns its id.
    pub async fn place_accepted(&self, order: &NewOrder) -> Uuid {
        self.place(order).await.order_id()
    }

    /// Places an order once. An error means that there was no response.
    async fn try_place(&self, order: &NewOrder) -> reqwest::Result<Placed> {
        let request = self.request(Method::POST, "/orders").header("idempotency-key", &order.key).json(&order.body());
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let replayed = header(&headers, "idempotent-replayed").as_deref() == Some("true");
        let location = header(&headers, "location");
        Ok(Placed { status, body: response.json().await?, replayed, location })
    }

    pub async fn order(&self, id: Uuid) -> Value {
        self.get(&format!("/orders/{id}")).await
    }

    /// Waits until the order has this status, and returns the order.
    pub async fn wait_until(&self, id: Uuid, status: &str, limit: Duration) -> Value {
        eventually(&format!("order {id} to be {status}"), limit, || async {
            let order = self.order(id).await;
            if order["status"] == status { Ok(order) } else { Err(order.to_string()) }
        })
        .await
    }

    /// The kinds of the order's timeline entries, in order.
    pub async fn timeline(&self, id: Uuid) -> Vec<String> {
        let events = self.get(&format!("/orders/{id}/events")).await;
        let kind = |event: &Value| event["kind"].as_str().unwrap_or("?").to_owned();
        list(&events).iter().map(kind).collect()
    }

    /// Reads the order's event stream until it ends, and returns the kinds of its entries, in order.
    pub async fn follow(&self, id: Uuid, limit: Duration) -> Vec<String> {
        let request = self.request(Method::GET, &format!("/orders/{id}/stream")).timeout(limit);
        let events = request.send().await.expect("a response").text().await.expect("events, to the end");
        let entries = events.split("\n\n").filter(|event| event.contains("event: entry\n"));
        let data = entries.filter_map(|event| event.rsplit_once("data: ").map(|(_, data)| data));
        let entry = |data: &str| serde_json::from_str::<Value>(data).expect("an entry");
        data.map(|data| entry(data)["kind"].as_str().unwrap_or("?").to_owned()).collect()
    }

    pub async fn payments(&self, id: Uuid) -> Value {
        self.get(&format!("/orders/{id}/payments")).await
    }

    pub async fn cancel(&self, id: Uuid) -> (StatusCode, Value) {
        let reason = json!({ "reason": "mistake", "note": "changed my mind" });
        self.send(self.request(Method::POST, &format!("/orders/{id}/cancel")).json(&reason)).await
    }

    /// The status of `/system/health/ready`, without retries. `None` when there is no response.
    pub async fn ready(&self) -> Option<StatusCode> {
        self.request(Method::GET, "/system/health/ready").send().await.ok().map(|response| response.status())
    }

    /// The status of the api and its dependencies: `ok`, `degraded` or `down`.
    pub async fn health(&self) -> Result<String, String> {
        Ok(self.health_report().await?["status"].as_str().unwrap_or_default().to_owned())
    }

    /// The body of `/system/health`.
    pub async fn health_report(&self) -> Result<Value, String> {
        let response = self.request(Method::GET, "/system/health").send().await.map_err(|error| error.to_string())?;
        response.json().await.map_err(|error| error.to_string())
    }

    pub async fn until_ready(&self, limit: Duration) {
        eventually("the api to be ready", limit, || async {
            match self.ready().await {
                Some(status) if status.is_success() => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }

    /// Posts `body`, and retries until the response is final.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Puts `body`, and retries until the response is final.
    pub async fn put(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Patches with `body`, and retries until the response is final.
    pub async fn patch(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(self.request(Method::GET, path)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.api));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends the request, and retries until the response is final.
    async fn send(&self, request: RequestBuilder) -> (StatusCode, Value) {
        eventually("a final response", RETRY_LIMIT, || async {
            let request = request.try_clone().expect("a request with a JSON body can be cloned");
            let response = request.send().await.map_err(|error| error.to_string())?;
            let status = response.status();
            let body = response.json().await.unwrap_or(Value::Null);
            if is_retryable(status) { Err(format!("{status}: {body}")) } else { Ok((status, body)) }
        })
        .await
    }
}

/// A retry may have another outcome: a request with the same key is in progress, a rate limit is exceeded, or a service
/// is unavailable.
fn is_retryable(status: StatusCode) -> bool {
    assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "an unavailable service must not cause a 500");
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// The items of a list response, which is an array or a page.
pub fn list(body: &Value) -> &[Value] {
    let bare = body.as_array();
    bare.or_else(|| body["items"].as_array()).or_else(|| body["data"].as_array()).map_or(&[], Vec::as_slice)
}

fn access_token(body: &Value) -> String {
    body["access_token"].as_str().expect("tokens").to_owned()
}

fn id_in(body: &Value, member: &str) -> Uuid {
    body[member].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{member} in {body}"))
}

fn header(headers: &HeaderMap, name: &'static str) -> Option<String> {
    headers.get(HeaderName::from_static(name)).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
