//! Access tokens that must be refused. The numbers in the test names are those of the list of bad input.

use crate::client::{ApiClient, ApiRequest, SECRET, TestUser, get};
use accounts::Role;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgPool;

fn me() -> ApiRequest {
    get("/auth/me")
}

fn header() -> Header {
    let kid = hex::encode(&Sha256::digest(SECRET)[..4]);
    Header { kid: Some(kid), ..Header::new(Algorithm::HS256) }
}

fn sign(header: &Header, claims: &Value) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("signed")
}

fn claims(subject: &str) -> Value {
    let now = platform::clock::now().timestamp();
    json!({ "iss": "orderflow", "aud": "orderflow-api", "typ": "access", "sub": subject, "role": "customer", "ver": 0,
        "iat": now, "nbf": now, "exp": now + 900 })
}

/// An access token of `customer` with the expiry time `expires_at`.
pub fn token_until(customer: &TestUser, expires_at: i64) -> String {
    let mut claims = claims(&customer.id.to_string());
    claims["exp"] = json!(expires_at);
    sign(&header(), &claims)
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_token_is_accepted_in_a_single_bearer_header_only_48_49(pool: PgPool) {
    let client = ApiClient::new(pool);
    let customer = client.customer().await;
    let token = &customer.token;

    let requests = [
        me(),
        me().header("authorization", "Basic dXNlcjpwYXNz"),
        me().header("authorization", "Bearer "),
        me().header("authorization", token),
        me().by(&customer).by(&customer),
        get(&format!("/auth/me?access_token={token}")),
        me().header("cookie", &format!("access_token={token}")),
    ];
    for request in requests {
        let response = client.send(request).await;
        assert_eq!(response.headers["www-authenticate"], r#"Bearer realm="orderflow""#);
        response.expect_problem(401, "unauthenticated");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_forged_or_altered_token_is_refused_50_to_57_59(pool: PgPool) {
    let client = ApiClient::new(pool);
    let customer = client.customer().await;
    let good = claims(&customer.id.to_string());
    client.send(me().token(&sign(&header(), &good))).await.expect(axum::http::StatusCode::OK);
    let changed = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        sign(&header(), &claims)
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().expect("claims").remove(name);
        sign(&header(), &claims)
    };
    let encode = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let parts: Vec<_> = customer.token.split('.').collect();
    let now = platform::clock::now().timestamp();
    let mut tokens = vec![
        format!("{}.{}.", encode(json!({ "alg": "none", "kid": header().kid })), parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        sign(&Header { alg: Algorithm::HS512, ..header() }, &good),
        format!("{}.{}.{}", parts[0], encode(json!({ "role": "admin", "sub": customer.id })), parts[2]),
        changed("exp", json!((now + 900).to_string())),
        changed("nbf", json!(now + 60)),
        changed("aud", json!("another")),
        changed("iss", json!("another")),
        changed("typ", json!("refresh")),
        sign(&Header { kid: Some("../../etc/passwd".into()), ..header() }, &good),
        sign(&Header { kid: Some("' OR 1=1".into()), ..header() }, &good),
        sign(&Header { jku: Some("http://127.0.0.1:1/keys".into()), ..header() }, &good),
        sign(&Header { x5u: Some("http://127.0.0.1:1/cert".into()), ..header() }, &good),
        "x".repeat(10_240),
    ];
    tokens.extend(["exp", "nbf", "aud", "iss", "sub", "typ", "role", "ver"].map(without));

    for token in tokens {
        let response = client.send(me().token(&token)).await;
        assert!(response.headers["www-authenticate"].to_str().unwrap().contains("invalid_token"));
        response.expect_problem(401, "invalid-token");
    }
    client.send(me().token(&changed("exp", json!(now - 7)))).await.expect_problem(401, "token-expired");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refresh_token_is_no_access_token_57(pool: PgPool) {
    let client = ApiClient::new(pool);
    client.seed_user("customer@orders.local", Role::Customer).await;
    let session = client.log_in("customer@orders.local", crate::client::PASSWORD).await.body;

    let response = client.send(me().token(session["refresh_token"].as_str().unwrap())).await;

    response.expect_problem(401, "invalid-token");
}

#[sqlx::test(migrations = "../../migrations")]
async fn permissions_follow_the_role_of_the_account_not_of_the_token_52(pool: PgPool) {
    let client = ApiClient::new(pool);
    let customer = client.customer().await;
    let mut claims = claims(&customer.id.to_string());
    claims["role"] = json!("admin");

    let response = client.send(get("/warehouses").token(&sign(&header(), &claims))).await;

    response.expect_problem(403, "forbidden");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_disabled_users_token_is_revoked_58(pool: PgPool) {
    let client = ApiClient::new(pool);
    let customer = client.customer().await;

    sqlx::query!("UPDATE accounts.users SET disabled_at = now()").execute(&client.pool).await.unwrap();

    client.send(me().by(&customer)).await.expect_problem(401, "token-revoked");
}
