use crate::client::{Ask, Door, PASSWORD, get, post};
use accounts::Role;
use api::Options;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

const EMAIL: &str = "customer@orders.local";

fn sign_up(email: &str, password: &str) -> Ask {
    post("/auth/signup").json(&json!({ "email": email, "password": password }))
}

fn refresh(session: &Value) -> Ask {
    post("/auth/refresh").json(&json!({ "refresh_token": session["refresh_token"] }))
}

#[sqlx::test(migrations = "../../migrations")]
async fn from_sign_up_to_log_out(pool: PgPool) {
    let door = Door::open(pool);

    let signed_up = door.send(sign_up("New@Orders.local", PASSWORD)).await.expect(StatusCode::CREATED);
    let user = signed_up["user"].clone();
    assert_eq!((&user["email"], &user["role"]), (&json!("new@orders.local"), &json!("customer")));
    let session = door.log_in("new@orders.local", PASSWORD).await.expect(StatusCode::OK);
    assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(900)));
    let me = door.send(get("/auth/me").token(session["access_token"].as_str().unwrap())).await;
    assert_eq!(me.expect(StatusCode::OK), user);

    let next = door.send(refresh(&session)).await.expect(StatusCode::OK);
    let out = post("/auth/logout").json(&json!({ "refresh_token": next["refresh_token"] }));
    door.send(out).await.expect(StatusCode::NO_CONTENT);
    door.send(refresh(&next)).await.expect_problem(401, "invalid-refresh-token");
}

#[sqlx::test(migrations = "../../migrations")]
async fn passwords_are_long_uncommon_and_otherwise_free_71(pool: PgPool) {
    let door = Door::open(pool);

    for bad in ["1234567", "password1", "QWERTYUIOP", &"x".repeat(129), "nul\0nul\0nul"] {
        let answer = door.send(sign_up(EMAIL, bad)).await;
        assert_eq!(answer.pointers(), ["/password"]);
        answer.expect_problem(422, "validation");
    }
    let admin = json!({ "email": EMAIL, "password": PASSWORD, "role": "admin" });
    let answer = door.send(post("/auth/signup").json(&admin)).await;
    assert_eq!(answer.pointers(), ["/role"]);
    for (email, good) in [("a@orders.local", "x".repeat(64)), ("b@orders.local", "ä".repeat(128))] {
        door.send(sign_up(email, &good)).await.expect(StatusCode::CREATED);
    }
    let answer = door.send(sign_up("nobody", "short")).await;
    assert_eq!(answer.pointers(), ["/email", "/password"]);
    assert!(!answer.body.to_string().contains("short"), "a password is never repeated");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_sign_up_opens_a_session_and_keeps_the_name(pool: PgPool) {
    let door = Door::open(pool);
    let body = json!({ "email": EMAIL, "password": PASSWORD, "full_name": " Demo Customer " });

    let session = door.send(post("/auth/signup").json(&body)).await.expect(StatusCode::CREATED);

    assert_eq!(session["user"]["full_name"], "Demo Customer");
    let me = door.send(get("/auth/me").token(session["access_token"].as_str().unwrap())).await;
    assert_eq!(me.expect(StatusCode::OK), session["user"]);
    door.send(refresh(&session)).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_name_that_nobody_can_see_is_refused(pool: PgPool) {
    let door = Door::open(pool);

    for bad in [json!(""), json!("  "), json!("a\u{202e}b"), json!("a\nb"), json!("x".repeat(201)), json!(7)] {
        let body = json!({ "email": EMAIL, "password": PASSWORD, "full_name": bad });
        let answer = door.send(post("/auth/signup").json(&body)).await;
        assert_eq!(answer.pointers(), ["/full_name"], "{bad}");
        answer.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_taken_address_is_a_conflict_unless_a_setting_hides_it_72(pool: PgPool) {
    let door = Door::open(pool.clone());
    let discreet = Door::with_options(pool, Options { hides_registered_emails: true, trusted_proxies: 0 });
    door.send(sign_up(EMAIL, PASSWORD)).await.expect(StatusCode::CREATED);

    door.send(sign_up("CUSTOMER@orders.local", "another password")).await.expect_problem(409, "email-taken");
    let taken = discreet.send(sign_up("CUSTOMER@orders.local", "another password")).await;
    let new = discreet.send(sign_up("new@orders.local", "another password")).await;

    assert_eq!(taken.expect(StatusCode::ACCEPTED), new.expect(StatusCode::ACCEPTED));
    door.log_in(EMAIL, "another password").await.expect_problem(401, "invalid-credentials");
    door.log_in("new@orders.local", "another password").await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn wrong_password_and_unknown_address_are_answered_alike_69(pool: PgPool) {
    let door = Door::open(pool);
    door.seed_user(EMAIL, Role::Customer).await;

    let mut wrong = door.log_in(EMAIL, "WrongPass123").await.expect_problem(401, "invalid-credentials");
    let mut unknown = door.log_in("nobody@orders.local", PASSWORD).await.expect_problem(401, "invalid-credentials");

    for body in [&mut wrong, &mut unknown] {
        body["request_id"].take();
    }
    assert_eq!(wrong, unknown);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_eleventh_guess_has_to_wait_whatever_address_it_claims_70_74(pool: PgPool) {
    let door = Door::open(pool);
    door.seed_user(EMAIL, Role::Customer).await;
    let guess = |n: usize| {
        let body = json!({ "email": EMAIL, "password": "WrongPass123" });
        post("/auth/login").header("x-forwarded-for", &format!("203.0.113.{n}")).json(&body)
    };

    for n in 0..10 {
        door.send(guess(n)).await.expect_problem(401, "invalid-credentials");
    }
    let refused = door.send(guess(11)).await;

    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    refused.expect_problem(429, "too-many-requests");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_answer_is_given_once_more_and_then_409_73(pool: PgPool) {
    let door = Door::open(pool);
    door.seed_user(EMAIL, Role::Customer).await;
    let session = door.log_in(EMAIL, PASSWORD).await.expect(StatusCode::OK);

    door.send(refresh(&session)).await.expect(StatusCode::OK);
    let again = door.send(refresh(&session)).await.expect(StatusCode::OK);
    door.send(refresh(&session)).await.expect_problem(409, "refresh-in-progress");

    door.send(refresh(&again)).await.expect(StatusCode::OK);
    let later = sqlx::query!("UPDATE accounts.refresh_tokens SET used_at = used_at - interval '61 seconds'");
    later.execute(&door.pool).await.unwrap();
    door.send(refresh(&session)).await.expect_problem(401, "refresh-token-reused");
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_admins_grant_roles_and_not_to_themselves(pool: PgPool) {
    let door = Door::open(pool);
    let admin = door.person("admin", Role::Admin).await;
    let customer = door.customer().await;
    let grant = |id: String, role: &str| {
        Ask::new(Method::PUT, &format!("/admin/users/{id}/role")).of(&admin).json(&json!({ "role": role }))
    };

    let granted = door.send(grant(customer.id.to_string(), "vendor")).await.expect(StatusCode::OK);

    assert_eq!((&granted["email"], &granted["role"]), (&json!(customer.email), &json!("vendor")));
    door.send(get("/auth/me").of(&customer)).await.expect_problem(401, "token-revoked");
    door.send(grant(admin.id.to_string(), "customer")).await.expect_problem(409, "invalid-state");
    door.send(grant(uuid::Uuid::now_v7().to_string(), "vendor")).await.expect_problem(404, "not-found");
    door.send(grant("me".into(), "vendor")).await.expect_problem(400, "invalid-parameter");
    door.send(grant(customer.id.to_string(), "root")).await.expect_problem(422, "validation");
}
