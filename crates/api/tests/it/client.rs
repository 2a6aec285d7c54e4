//! The API client of the tests: calls the router on the test's own database, and creates users, products and orders.

use crate::openapi_contract::OpenApiDocument;
use crate::texts::texts;
use accounts::{
    Accounts, LoginLimits, LoginThrottle, Password, PasswordHasher, Role, SecurityArgs, Tokens, User, seed_user,
};
use api::{AppState, Metrics, OpenStreams, Options, RateLimitArgs, RateLimits, Shared};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use catalogue::{Catalogue, NewProduct, create_products};
use domain::ids::{UserId, WarehouseId};
use domain::inventory::{Origin, Warehouse};
use domain::money::Money;
use inventory::{Receipt, create_warehouse, receive_new};
use messaging::WriteContext;
use messaging::broker::{BrokerConnections, QueueInspector};
use orders::{Intake, IntakeLimits, OrderWatch, ReturnArgs};
use payments::gateway::RegisteredGateway;
use payments::gateway::simulated::SimulatedGateway;
use platform::audit::NoAudit;
use platform::config::{MessageSigningArgs, RabbitmqArgs, RedisArgs};
use platform::lifecycle::Lifecycle;
use platform::postgres::{ListPool, PoolActivity, Pools};
use platform::redis::Redis;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tower::ServiceExt;
use uuid::Uuid;

/// How many order streams may be open at the same time.
pub const STREAMS_MAX: usize = 4;
/// Those of most tests.
pub const OPTIONS: Options = Options {
    hides_registered_emails: false,
    trusted_proxies: 0,
    serves_docs: true,
    serves_operators: true,
    shows_demo_accounts: true,
    requires_ship_to: false,
    returns: ReturnArgs::DEFAULT,
};
pub const PASSWORD: &str = "CustomerPass123";
pub const SECRET: &str = "a-key-of-at-least-thirty-two-bytes-1";
pub const HEADPHONES: &str = "SKU-HEADPHONES";
pub const CABLE: &str = "SKU-CABLE";
pub const EURO: &str = "SKU-EURO";
pub const TREASURE: &str = "SKU-TREASURE";

/// Sends requests to the API's router in this process, without a socket.
pub struct ApiClient {
    pub pool: PgPool,
    pub state: AppState,
    pub router: Router,
    pub lifecycle: Lifecycle,
    pub openapi: OpenApiDocument,
    hasher: PasswordHasher,
}

/// A user who has logged in.
#[derive(Debug, Clone)]
pub struct TestUser {
    pub id: UserId,
    pub email: String,
    pub token: String,
}

/// A request that is being built.
#[derive(Debug)]
pub struct ApiRequest {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

#[derive(Debug)]
pub struct ApiResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl ApiClient {
    pub fn new(pool: PgPool) -> Self {
        Self::with_options(pool, OPTIONS)
    }

    pub fn with_options(pool: PgPool, options: Options) -> Self {
        let pools = Pools { vital: pool.clone(), common: pool, pool_activity: PoolActivity::default() };
        Self::with_pools(pools, options)
    }

    pub fn with_pools(pools: Pools, options: Options) -> Self {
        Self::with_rate_limits(pools, options, RateLimitArgs::unlimited())
    }

    /// With limits that count in this process.
    pub fn with_rate_limits(pools: Pools, options: Options, limits: RateLimitArgs) -> Self {
        let (lifecycle, hasher) = (Lifecycle::default(), PasswordHasher::default());
        let shared = shared(&pools, &hasher, options, limits, &lifecycle);
        let pool = pools.common;
        let state = AppState::new(shared);
        let (router, openapi) = (api::router(state.clone()), OpenApiDocument::of(&state));
        Self { pool, state, router, lifecycle, openapi, hasher }
    }

    /// Sends a request, and checks the response against the OpenAPI document.
    pub async fn send(&self, request: ApiRequest) -> ApiResponse {
        let (method, path) = (request.method.clone(), request.path.clone());
        let headers = request.headers;
        let mut request =
            Request::builder().method(request.method).uri(request.path).body(request.body).expect("a request");
        *request.headers_mut() = headers;
        request.headers_mut().entry("host").or_insert(HeaderValue::from_static("localhost"));
        let (parts, body) = self.router.clone().oneshot(request).await.expect("the router never fails").into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_not_json| text());
        let response = ApiResponse { status: parts.status, headers: parts.headers, body };
        self.openapi.expect_documented(&method, &path, &response);
        response.expect_errors_name_their_part();
        response
    }

    /// Opens a stream, which stays open until the response is dropped.
    pub async fn open(&self, request: ApiRequest) -> axum::response::Response {
        let (method, path, headers) = (request.method, request.path, request.headers);
        let mut request = Request::builder().method(method).uri(path).body(request.body).expect("a request");
        *request.headers_mut() = headers;
        request.headers_mut().entry("host").or_insert(HeaderValue::from_static("localhost"));
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        assert_eq!(response.status(), StatusCode::OK);
        response
    }

    pub async fn seed_user(&self, email: &str, role: Role) -> User {
        let password = Password::choose(PASSWORD.into()).expect("a password");
        let email = email.parse().expect("an address");
        let seeding = seed_user(&self.pool, &self.hasher, email, password, role, platform::clock::now());
        seeding.await.expect("seeded")
    }

    /// Creates `NAME@orders.local` and logs in over HTTP.
    pub async fn create_user(&self, name: &str, role: Role) -> TestUser {
        let email = format!("{name}@orders.local");
        let user = self.seed_user(&email, role).await;
        let session = self.log_in(&email, PASSWORD).await.expect(StatusCode::OK);
        let token = session["access_token"].as_str().expect("a token").to_owned();
        TestUser { id: user.id, email, token }
    }

    pub async fn customer(&self) -> TestUser {
        self.create_user("customer", Role::Customer).await
    }

    pub async fn log_in(&self, email: &str, password: &str) -> ApiResponse {
        self.send(post("/auth/login").json(&json!({ "email": email, "password": password }))).await
    }

    /// Creates products of `vendor`, and a warehouse with stock of them. Returns the warehouse's id.
    pub async fn create_stock(&self, vendor: UserId) -> WarehouseId {
        let now = platform::clock::now();
        let prices = [(HEADPHONES, 7_999, "USD"), (CABLE, 499, "USD"), (EURO, 100, "EUR"), (TREASURE, i64::MAX, "USD")];
        let products: Vec<_> = prices.map(|(sku, price, currency)| product(sku, price, currency, vendor)).into();
        create_products(&self.pool, &products, "test", now).await.expect("products");
        let warehouse = WarehouseId::from_uuid(Uuid::now_v7());
        let east = Warehouse::new(warehouse, "EAST".parse().expect("a code"), "East", 1).expect("a warehouse");
        create_warehouse(&self.pool, &east, now, &NoAudit).await.expect("a warehouse");
        let receipt = |product: &NewProduct| Receipt { sku: product.sku.clone(), warehouse_id: warehouse, units: 100 };
        let receipts: Vec<_> = products.iter().map(receipt).collect();
        let origin = Origin::Person { actor: "test".into(), reason: "opening".into() };
        receive_new(&self.pool, &receipts, &origin, now).await.expect("stock");
        warehouse
    }

    /// Creates an empty warehouse. Returns its id.
    pub async fn create_warehouse(&self, code: &str) -> WarehouseId {
        let id = WarehouseId::from_uuid(Uuid::now_v7());
        let warehouse = Warehouse::new(id, code.parse().expect("a code"), code, 2).expect("a warehouse");
        create_warehouse(&self.pool, &warehouse, platform::clock::now(), &NoAudit).await.expect("a warehouse");
        id
    }

    /// Places an order of one pair of headphones as `user`. Returns the order's id.
    pub async fn place(&self, user: &TestUser) -> String {
        let order = json!({ "items": [{ "sku": HEADPHONES, "quantity": 1 }] });
        let request = post("/orders").by(user).header("idempotency-key", &Uuid::now_v7().to_string()).json(&order);
        let accepted = self.send(request).await.expect(StatusCode::ACCEPTED);
        accepted["order_id"].as_str().expect("an id").to_owned()
    }
}

fn shared(
    pools: &Pools,
    hasher: &PasswordHasher,
    options: Options,
    limits: RateLimitArgs,
    lifecycle: &Lifecycle,
) -> Shared {
    let throttle = LoginThrottle::new(None, LoginLimits::default());
    let rabbitmq = RabbitmqArgs {
        rabbitmq_url: "amqp://127.0.0.1:1/none".into(),
        retry_delay_percent: 100,
        rabbitmq_ca_file: None,
        signing: MessageSigningArgs::default(),
    };
    let redis = RedisArgs { redis_url: "redis://127.0.0.1:1/0".into(), redis_ca_file: None };
    let redis = Redis::new(&redis).expect("redis");
    let write = WriteContext::of(pools.common.clone());
    let intake = WriteContext::of(pools.vital.clone());
    let lifetimes = security().session_lifetimes();
    Shared {
        accounts: Accounts::new(pools.common.clone(), Tokens::new(&security()), hasher.clone(), throttle, lifetimes)
            .with_status_pool(pools.vital.clone()),
        catalogue: Catalogue::start(pools.vital.clone(), lifecycle),
        payment_methods: SimulatedGateway::INFO.methods,
        order_watch: OrderWatch::start(pools.common.clone(), lifecycle),
        intake: Intake::start(intake, IntakeLimits::default(), lifecycle),
        pool: pools.common.clone(),
        lists: ListPool::of_primary(pools.common.clone()),
        vital: pools.vital.clone(),
        pool_activity: pools.pool_activity.clone(),
        write,
        queue_inspector: QueueInspector::new(BrokerConnections::new(&rabbitmq, "test").expect("connections").consuming),
        rate_limits: RateLimits::new(&limits, &redis),
        streams_by_principal: OpenStreams::new(limits.streams_per_principal),
        cors_origins: vec!["https://shop.example".parse().expect("an origin")],
        redis,
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
        session_ttl_seconds: 7_776_000,
        password_forbidden_words: vec!["orderflow".to_owned()],
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
        backorder: false,
    }
}

pub fn get(path: &str) -> ApiRequest {
    ApiRequest::new(Method::GET, path)
}

pub fn post(path: &str) -> ApiRequest {
    ApiRequest::new(Method::POST, path)
}

impl ApiRequest {
    /// `path` is relative to `/api/v1`, unless it starts with the prefix of a route outside of it.
    pub fn new(method: Method, path: &str) -> Self {
        let rooted = ["/system", "/docs", "/openapi", "/metrics", "/problems", "/api/", "/?"];
        let outside = path == "/" || rooted.iter().any(|root| path.starts_with(root));
        let path = if outside { path.to_owned() } else { format!("/api/v1{path}") };
        Self { method, path, headers: HeaderMap::new(), body: Body::empty() }
    }

    pub fn by(self, user: &TestUser) -> Self {
        self.token(&user.token)
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

impl ApiResponse {
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

    /// Every error text names the invalid part of the request. Checked for every invalid request of the tests.
    fn expect_errors_name_their_part(&self) {
        if matches!(self.code(), "validation" | "invalid-parameter") {
            let unnamed = texts(self).into_iter().find(|text| text.matches('`').count() < 2);
            assert_eq!(unnamed, None, "a text names no part of the request: {}", self.body);
        }
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The pointers or parameters of the problem's errors.
    pub fn pointers(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let place = |error: &Value| error["pointer"].as_str().or(error["parameter"].as_str()).map(ToOwned::to_owned);
        errors.iter().filter_map(place).collect()
    }
}
