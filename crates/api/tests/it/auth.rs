//! Sign-up, login, token refresh and roles over HTTP. The numbers in the test names are those of the list of bad input.

use crate::client::{ApiClient, ApiRequest, OPTIONS, PASSWORD, get, post};
use accounts::Role;
use api::Options;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

const EMAIL: &str = "customer@orders.local";

fn sign_up(email: &str, password: &str) -> ApiRequest {
    post("/auth/signup").json(&json!({ "email": email, "password": password }))
}

fn refresh(session: &Value) -> ApiRequest {
    post("/auth/refresh").json(&json!({ "refresh_token": session["refresh_token"] }))
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_session_lasts_from_sign_up_to_log_out(pool: PgPool) {
    let client = ApiClient::new(pool);

    let signed_up = client.send(sign_up("New@Orders.local", PASSWORD)).await.expect(StatusCode::CREATED);
    let user = signed_up["user"].clone();
    assert_eq!((&user["email"], &user["role"]), (&json!("new@orders.local"), &json!("customer")));
    let session = client.log_in("new@orders.local", PASSWORD).await.expect(StatusCode::OK);
    assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(900)));
    let me = client.send(get("/auth/me").token(session["access_token"].as_str().unwrap())).await;
    assert_eq!(me.expect(StatusCode::OK), user);

    let next = client.send(refresh(&session)).await.expect(StatusCode::OK);
    let out = post("/auth/logout").json(&json!({ "refresh_token": next["refresh_token"] }));
    client.send(out).await.expect(StatusCode::NO_CONTENT);
    client.send(refresh(&next)).await.expect_problem(401, "invalid-refresh-token");
}

#[sqlx::test(migrations = "../../migrations")]
async fn short_common_and_too_long_passwords_are_refused_71(pool: PgPool) {
    let client = ApiClient::new(pool);

    for bad in ["1234567", "password1", "QWERTYUIOP", &"x".repeat(129), "nul\0nul\0nul", "        ", "\u{200b}aaaaaaa"]
    {
        let response = client.send(sign_up(EMAIL, bad)).await;
        assert_eq!(response.pointers(), ["/password"]);
        response.expect_problem(422, "validation");
    }
    let admin = json!({ "email": EMAIL, "password": PASSWORD, "role": "admin" });
    let response = client.send(post("/auth/signup").json(&admin)).await;
    assert_eq!(response.pointers(), ["/role"]);
    for (email, good) in [("a@orders.local", "secret".repeat(10)), ("b@orders.local", "äöü€x".repeat(25))] {
        client.send(sign_up(email, &good)).await.expect(StatusCode::CREATED);
    }
    let response = client.send(sign_up("nobody", "short")).await;
    assert_eq!(response.pointers(), ["/email", "/password"]);
    assert!(!response.body.to_string().contains("short"), "a password is never repeated");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_sign_up_opens_a_session_and_keeps_the_name(pool: PgPool) {
    let client = ApiClient::new(pool);
    let body = json!({ "email": EMAIL, "password": PASSWORD, "full_name": " Demo Customer " });

    let session = client.send(post("/auth/signup").json(&body)).await.expect(StatusCode::CREATED);

    assert_eq!(session["user"]["full_name"], "Demo Customer");
    let me = client.send(get("/auth/me").token(session["access_token"].as_str().unwrap())).await;
    assert_eq!(me.expect(StatusCode::OK), session["user"]);
    client.send(refresh(&session)).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_blank_invisible_or_too_long_name_is_refused(pool: PgPool) {
    let client = ApiClient::new(pool);

    for bad in [json!(""), json!("  "), json!("a\u{202e}b"), json!("a\nb"), json!("x".repeat(201)), json!(7)] {
        let body = json!({ "email": EMAIL, "password": PASSWORD, "full_name": bad });
        let response = client.send(post("/auth/signup").json(&body)).await;
        assert_eq!(response.pointers(), ["/full_name"], "{bad}");
        response.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_taken_address_is_a_conflict_unless_a_setting_hides_it_72(pool: PgPool) {
    let client = ApiClient::new(pool.clone());
    let hiding = ApiClient::with_options(pool, Options { hides_registered_emails: true, ..OPTIONS });
    client.send(sign_up(EMAIL, PASSWORD)).await.expect(StatusCode::CREATED);

    client.send(sign_up("CUSTOMER@orders.local", "another password")).await.expect_problem(409, "email-taken");
    let taken = hiding.send(sign_up("CUSTOMER@orders.local", "another password")).await;
    let new = hiding.send(sign_up("new@orders.local", "another password")).await;

    assert_eq!(taken.expect(StatusCode::ACCEPTED), new.expect(StatusCode::ACCEPTED));
    client.log_in(EMAIL, "another password").await.expect_problem(401, "invalid-credentials");
    client.log_in("new@orders.local", "another password").await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn wrong_password_and_unknown_address_get_the_same_response_69(pool: PgPool) {
    let client = ApiClient::new(pool);
    client.seed_user(EMAIL, Role::Customer).await;

    let mut wrong = client.log_in(EMAIL, "WrongPass123").await.expect_problem(401, "invalid-credentials");
    let mut unknown = client.log_in("nobody@orders.local", PASSWORD).await.expect_problem(401, "invalid-credentials");

    for body in [&mut wrong, &mut unknown] {
        body["request_id"].take();
    }
    assert_eq!(wrong, unknown);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_eleventh_guess_is_throttled_whatever_its_x_forwarded_for_70_74(pool: PgPool) {
    let client = ApiClient::new(pool);
    client.seed_user(EMAIL, Role::Customer).await;
    let guess = |n: usize| {
        let body = json!({ "email": EMAIL, "password": "WrongPass123" });
        post("/auth/login").header("x-forwarded-for", &format!("203.0.113.{n}")).json(&body)
    };

    for n in 0..10 {
        client.send(guess(n)).await.expect_problem(401, "invalid-credentials");
    }
    let refused = client.send(guess(11)).await;

    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    refused.expect_problem(429, "too-many-requests");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_refresh_response_is_repeated_once_and_then_409_73(pool: PgPool) {
    let client = ApiClient::new(pool);
    client.seed_user(EMAIL, Role::Customer).await;
    let session = client.log_in(EMAIL, PASSWORD).await.expect(StatusCode::OK);

    client.send(refresh(&session)).await.expect(StatusCode::OK);
    let again = client.send(refresh(&session)).await.expect(StatusCode::OK);
    client.send(refresh(&session)).await.expect_problem(409, "refresh-in-progress");

    client.send(refresh(&again)).await.expect(StatusCode::OK);
    let later = sqlx::query!("UPDATE accounts.refresh_tokens SET used_at = used_at - interval '61 seconds'");
    later.execute(&client.pool).await.unwrap();
    client.send(refresh(&session)).await.expect_problem(401, "refresh-token-reused");
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_admins_grant_roles_and_not_to_themselves(pool: PgPool) {
    let client = ApiClient::new(pool);
    let admin = client.create_user("admin", Role::Admin).await;
    let customer = client.customer().await;
    let grant = |id: String, role: &str| {
        ApiRequest::new(Method::PUT, &format!("/admin/users/{id}/role")).by(&admin).json(&json!({ "role": role }))
    };

    let granted = client.send(grant(customer.id.to_string(), "vendor")).await.expect(StatusCode::OK);

    assert_eq!((&granted["email"], &granted["role"]), (&json!(customer.email), &json!("vendor")));
    client.send(get("/auth/me").by(&customer)).await.expect_problem(401, "token-revoked");
    client.send(grant(admin.id.to_string(), "customer")).await.expect_problem(409, "invalid-state");
    client.send(grant(uuid::Uuid::now_v7().to_string(), "vendor")).await.expect_problem(404, "not-found");
    client.send(grant("me".into(), "vendor")).await.expect_problem(400, "invalid-parameter");
    client.send(grant(customer.id.to_string(), "root")).await.expect_problem(422, "validation");
}
