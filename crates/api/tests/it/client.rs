//! What the tests share: the api over the test's own database, people to call it, and goods to order.

use crate::openapi_contract::Description;
use crate::texts::texts;
use accounts::{
    Accounts, LoginLimits, LoginThrottle, Password, PasswordHasher, Role, SecurityArgs, Tokens, User, seed_user,
};
use api::{AppState, Metrics, Options, Shared};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use catalogue::{Catalogue, NewProduct, create_products};
use domain::ids::{UserId, WarehouseId};
use domain::inventory::{Origin, Warehouse};
use domain::money::Money;
use domain::saga::TimeScale;
use inventory::{Receipt, create_warehouse, receive_new};
use messaging::RelayHandle;
use messaging::broker::{BrokerConnections, QueueInspector};
use orders::{Intake, IntakeLimits, OrderWatch};
use payments::PaymentMethods;
use platform::audit::NoAudit;
use platform::config::{RabbitmqArgs, RedisArgs};
use platform::lifecycle::Lifecycle;
use platform::postgres::{PoolActivity, Pools};
use platform::redis::Redis;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::ServiceExt;
use uuid::Uuid;

/// Orders that can be followed at the same time.
pub const STREAMS_MAX: usize = 4;
pub const PASSWORD: &str = "CustomerPass123";
pub const SECRET: &str = "a-key-of-at-least-thirty-two-bytes-1";
pub const HEADPHONES: &str = "SKU-HEADPHONES";
pub const CABLE: &str = "SKU-CABLE";
pub const EURO: &str = "SKU-EURO";
pub const TREASURE: &str = "SKU-TREASURE";

/// The api, and what stands behind it.
pub struct Door {
    pub pool: PgPool,
    pub state: AppState,
    pub router: Router,
    pub lifecycle: Lifecycle,
    pub description: Description,
    hasher: PasswordHasher,
}

/// Somebody with a token.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub token: String,
}

/// A request in the making.
#[derive(Debug)]
pub struct Ask {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Door {
    pub fn open(pool: PgPool) -> Self {
        Self::with_options(pool, Options { hides_registered_emails: false, trusted_proxies: 0 })
    }

    pub fn with_options(pool: PgPool, options: Options) -> Self {
        let pools = Pools { vital: pool.clone(), common: pool, pool_activity: PoolActivity::default() };
        Self::with_pools(pools, options)
    }

    pub fn with_pools(pools: Pools, options: Options) -> Self {
        let (lifecycle, hasher) = (Lifecycle::default(), PasswordHasher::default());
        let shared = shared(&pools, &hasher, options, &lifecycle);
        let pool = pools.common;
        let state = AppState::new(shared);
        let (router, description) = (api::router(state.clone()), Description::of(&state));
        Self { pool, state, router, lifecycle, description, hasher }
    }

    /// Sends a request, and holds the answer against what the description says of it.
    pub async fn send(&self, ask: Ask) -> Answer {
        let (method, path) = (ask.method.clone(), ask.path.clone());
        let mut request = Request::builder().method(ask.method).uri(ask.path).body(ask.body).expect("a request");
        *request.headers_mut() = ask.headers;
        request.headers_mut().entry("host").or_insert(HeaderValue::from_static("localhost"));
        let response = self.router.clone().oneshot(request).await.expect("never fails");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_not_json| text());
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        self.description.expect_known(&method, &path, &answer);
        answer.expect_named_parts();
        answer
    }

    pub async fn seed_user(&self, email: &str, role: Role) -> User {
        let password = Password::choose(PASSWORD.into()).expect("a password");
        let email = email.parse().expect("an address");
        let seeding = seed_user(&self.pool, &self.hasher, email, password, role, platform::clock::now());
        seeding.await.expect("seeded")
    }

    /// Somebody who has logged in over HTTP.
    pub async fn person(&self, name: &str, role: Role) -> Person {
        let email = format!("{name}@orders.local");
        let user = self.seed_user(&email, role).await;
        let session = self.log_in(&email, PASSWORD).await.expect(StatusCode::OK);
        let token = session["access_token"].as_str().expect("a token").to_owned();
        Person { id: user.id, email, token }
    }

    pub async fn customer(&self) -> Person {
        self.person("customer", Role::Customer).await
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.send(post("/auth/login").json(&json!({ "email": email, "password": password }))).await
    }

    /// Products of `vendor`, and stock of them in one warehouse, whose id is answered.
    pub async fn stock(&self, vendor: UserId) -> WarehouseId {
        let now = platform::clock::now();
        let prices = [(HEADPHONES, 7_999, "USD"), (CABLE, 499, "USD"), (EURO, 100, "EUR"), (TREASURE, i64::MAX, "USD")];
        let products: Vec<_> = prices.map(|(sku, price, currency)| product(sku, price, currency, vendor)).into();
        create_products(&self.pool, &products, now).await.expect("products");
        let warehouse = WarehouseId::from_uuid(Uuid::now_v7());
        let east = Warehouse::new(warehouse, "EAST".parse().expect("a code"), "East", 1).expect("a warehouse");
        create_warehouse(&self.pool, &east, now, &NoAudit).await.expect("a warehouse");
        let receipt = |product: &NewProduct| Receipt { sku: product.sku.clone(), warehouse_id: warehouse, units: 100 };
        let receipts: Vec<_> = products.iter().map(receipt).collect();
        let origin = Origin::Person { actor: "test".into(), reason: "opening".into() };
        receive_new(&self.pool, &receipts, &origin, now).await.expect("stock");
        warehouse
    }

    /// An order of one pair of headphones, placed by `person`.
    pub async fn place(&self, person: &Person) -> String {
        let order = json!({ "items": [{ "sku": HEADPHONES, "quantity": 1 }] });
        let ask = post("/orders").of(person).header("idempotency-key", &Uuid::now_v7().to_string()).json(&order);
        let accepted = self.send(ask).await.expect(StatusCode::ACCEPTED);
        accepted["order_id"].as_str().expect("an id").to_owned()
    }
}

fn shared(pools: &Pools, hasher: &PasswordHasher, options: Options, lifecycle: &Lifecycle) -> Shared {
    let throttle = LoginThrottle::new(None, LoginLimits::default());
    let rabbitmq = RabbitmqArgs { rabbitmq_url: "amqp://127.0.0.1:1/none".into(), retry_delay_percent: 100 };
    let redis = RedisArgs { redis_url: "redis://127.0.0.1:1/0".into() };
    let relay = RelayHandle::default();
    let hour = Duration::from_hours(1);
    Shared {
        accounts: Accounts::new(pools.common.clone(), Tokens::new(&security()), hasher.clone(), throttle, hour)
            .with_status_pool(pools.vital.clone()),
        catalogue: Catalogue::start(pools.vital.clone(), lifecycle),
        payment_methods: PaymentMethods::configured(),
        order_watch: OrderWatch::start(pools.common.clone(), lifecycle),
        intake: Intake::start(pools.vital.clone(), relay.clone(), TimeScale::REAL, IntakeLimits::default(), lifecycle),
        time_scale: TimeScale::REAL,
        pool: pools.common.clone(),
        vital: pools.vital.clone(),
        pool_activity: pools.pool_activity.clone(),
        relay,
        queue_inspector: QueueInspector::new(BrokerConnections::new(&rabbitmq, "test").expect("links").consuming),
        redis: Redis::new(&redis).expect("redis"),
        lifecycle: lifecycle.clone(),
        metrics: Metrics::new().expect("metrics"),
        requests: Semaphore::new(64),
        streams: Arc::new(Semaphore::new(STREAMS_MAX)),
        options,
    }
}

pub fn security() -> SecurityArgs {
    SecurityArgs {
        secret_key: SECRET.into(),
        secret_key_previous: None,
        access_token_ttl_seconds: 900,
        refresh_token_ttl_seconds: 3_600,
        signup_hides_taken_emails: false,
    }
}

fn product(sku: &str, price: i64, currency: &str, vendor_id: UserId) -> NewProduct {
    NewProduct {
        sku: sku.parse().expect("a SKU"),
        name: sku.parse().expect("a name"),
        description: catalogue::Description::default(),
        vendor_id,
        price: Money::new(price, currency.parse().expect("a currency")).expect("a price"),
        active: true,
    }
}

pub fn get(path: &str) -> Ask {
    Ask::new(Method::GET, path)
}

pub fn post(path: &str) -> Ask {
    Ask::new(Method::POST, path)
}

impl Ask {
    /// Below the base, unless `path` says where.
    pub fn new(method: Method, path: &str) -> Self {
        let rooted = ["/system", "/docs", "/openapi", "/metrics", "/problems", "/api", "/?"];
        let outside = path == "/" || rooted.iter().any(|root| path.starts_with(root));
        let path = if outside { path.to_owned() } else { format!("/api/v1{path}") };
        Self { method, path, headers: HeaderMap::new(), body: Body::empty() }
    }

    pub fn of(self, person: &Person) -> Self {
        self.token(&person.token)
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn header(self, name: &'static str, value: &str) -> Self {
        self.header_bytes(name, value.as_bytes())
    }

    pub fn header_bytes(mut self, name: &'static str, value: &[u8]) -> Self {
        self.headers.append(name, HeaderValue::from_bytes(value).expect("a header"));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    pub fn text(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("content-type", "application/json").body(body.into())
    }

    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }
}

impl Answer {
    /// The body, if the status is as expected.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The body, if it is a problem of this kind.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json; charset=utf-8");
        assert_eq!(self.body["type"], format!("/problems/{code}"));
        assert_eq!(self.body["status"], status);
        self.body
    }

    /// A text that says that something is wrong names what it is: this holds for every bad request that a test sends.
    fn expect_named_parts(&self) {
        if matches!(self.code(), "validation" | "invalid-parameter") {
            let unnamed = texts(self).into_iter().find(|text| text.matches('`').count() < 2);
            assert_eq!(unnamed, None, "a text names no part of the request: {}", self.body);
        }
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// What the problem points at.
    pub fn pointers(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let place = |error: &Value| error["pointer"].as_str().or(error["parameter"].as_str()).map(ToOwned::to_owned);
        errors.iter().filter_map(place).collect()
    }
}
