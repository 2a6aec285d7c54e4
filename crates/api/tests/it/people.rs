//! Users, their sessions and passwords over HTTP; what support may see; whose products are sold.

use crate::client::{ApiClient, ApiRequest, CABLE, PASSWORD, TestUser, get, post};
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

const NEW_PASSWORD: &str = "four words on paper";

fn patch_user(user: &TestUser, change: &Value) -> ApiRequest {
    ApiRequest::new(Method::PATCH, &format!("/api/v1/admin/users/{}", user.id)).json(change)
}

fn change_password(current: &str, new: &str) -> ApiRequest {
    post("/auth/password").json(&json!({ "current_password": current, "new_password": new }))
}

fn emails(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("a page");
    items.iter().map(|item| item["email"].as_str().expect("an address")).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_user_changes_the_password_sees_the_sessions_and_ends_them_all(pool: PgPool) {
    let client = ApiClient::new(pool);
    let user = client.customer().await;
    let other = client.log_in(&user.email, PASSWORD).await.expect(StatusCode::OK);
    let other = other["access_token"].as_str().expect("a token");

    client
        .send(change_password("wrong password", NEW_PASSWORD).by(&user))
        .await
        .expect_problem(401, "invalid-credentials");
    let response = client.send(change_password(PASSWORD, "password1").by(&user)).await;
    assert_eq!(response.pointers(), ["/new_password"]);
    assert!(!response.body.to_string().contains("password1"), "a password is never repeated");
    client.send(change_password(PASSWORD, NEW_PASSWORD).by(&user)).await.expect(StatusCode::NO_CONTENT);

    client.send(get("/auth/me").token(other)).await.expect_problem(401, "token-revoked");
    client.log_in(&user.email, PASSWORD).await.expect_problem(401, "invalid-credentials");
    client.log_in(&user.email, NEW_PASSWORD).await.expect(StatusCode::OK);
    let sessions = client.send(get("/auth/sessions").by(&user)).await.expect(StatusCode::OK);
    let current: Vec<_> = sessions["items"].as_array().expect("a list").iter().map(|item| &item["current"]).collect();
    assert_eq!(current, [&json!(false), &json!(true)]);
    client.send(post("/auth/logout-all").by(&user)).await.expect(StatusCode::NO_CONTENT);
    client.send(get("/auth/me").by(&user)).await.expect_problem(401, "token-revoked");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_user_ends_one_session_of_their_own_and_none_of_others(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (user, stranger) = (client.customer().await, client.create_user("stranger", Role::Customer).await);
    let lost = client.log_in(&user.email, PASSWORD).await.expect(StatusCode::OK);
    let lost = lost["access_token"].as_str().expect("a token");
    let sessions = client.send(get("/auth/sessions").token(lost)).await.expect(StatusCode::OK);
    let sessions = sessions["items"].as_array().expect("a list");
    let id = sessions.iter().find(|session| session["current"] == true).expect("the current one")["id"].clone();
    let end = || ApiRequest::new(Method::DELETE, &format!("/auth/sessions/{}", id.as_str().expect("an id")));

    client.send(end().by(&stranger)).await.expect_problem(404, "not-found");
    client.send(get("/auth/me").token(lost)).await.expect(StatusCode::OK);
    client.send(end().by(&user)).await.expect(StatusCode::NO_CONTENT);
    client.send(end().by(&user)).await.expect(StatusCode::NO_CONTENT);

    client.send(get("/auth/me").token(lost)).await.expect_problem(401, "token-revoked");
    client.send(get("/auth/me").by(&user)).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_logout_ends_the_access_token(pool: PgPool) {
    let client = ApiClient::new(pool);
    let user = client.customer().await;
    let session = client.log_in(&user.email, PASSWORD).await.expect(StatusCode::OK);
    let token = session["access_token"].as_str().expect("a token");
    client.send(get("/auth/me").token(token)).await.expect(StatusCode::OK);

    let body = json!({ "refresh_token": session["refresh_token"] });
    client.send(post("/auth/logout").json(&body)).await.expect(StatusCode::NO_CONTENT);

    client.send(get("/auth/me").token(token)).await.expect_problem(401, "token-revoked");
    client.send(get("/auth/me").by(&user)).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn who_must_change_the_password_may_do_nothing_else(pool: PgPool) {
    let client = ApiClient::new(pool);
    let user = client.customer().await;
    sqlx::query("UPDATE accounts.users SET must_change_password = true").execute(&client.pool).await.expect("set");
    let session = client.log_in(&user.email, PASSWORD).await.expect(StatusCode::OK);
    assert_eq!(session["must_change_password"], true);
    let token = session["access_token"].as_str().expect("a token");

    client.send(get("/orders").token(token)).await.expect_problem(403, "password-change-required");
    client.send(get("/auth/me").token(token)).await.expect(StatusCode::OK);
    client.send(change_password(PASSWORD, NEW_PASSWORD).token(token)).await.expect(StatusCode::NO_CONTENT);

    client.send(get("/orders").token(token)).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_admin_finds_a_user_and_disables_them_and_the_reason_is_in_the_audit_log(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (admin, user) = (client.create_user("admin", Role::Admin).await, client.customer().await);

    let found = client.send(get("/admin/users?q=customer&role=customer&status=active").by(&admin)).await;
    assert_eq!(emails(&found.expect(StatusCode::OK)), [user.email.as_str()]);
    let by_id = client.send(get(&format!("/admin/users?q={}", user.id)).by(&admin)).await.expect(StatusCode::OK);
    assert_eq!(emails(&by_id), [user.email.as_str()]);
    let disabled = client.send(patch_user(&user, &json!({ "disabled": true, "reason": "fraud" })).by(&admin)).await;
    assert_eq!(disabled.expect(StatusCode::OK)["status"], "disabled");

    client.send(get("/auth/me").by(&user)).await.expect_problem(401, "token-revoked");
    client.log_in(&user.email, PASSWORD).await.expect_problem(401, "invalid-credentials");
    let log = client.send(get("/admin/audit-logs?action=user.disable").by(&admin)).await.expect(StatusCode::OK);
    assert_eq!(log["items"][0]["reason"], "fraud");
    let response = client.send(patch_user(&user, &json!({ "disabled": false })).by(&admin)).await;
    assert_eq!(response.pointers(), ["/reason"]);
    let own = patch_user(&admin, &json!({ "role": "customer", "reason": "tired" })).by(&admin);
    client.send(own).await.expect_problem(409, "invalid-state");
    let none = client.send(get("/admin/users?status=away").by(&admin)).await;
    none.expect_problem(422, "validation");
}

#[sqlx::test(migrations = "../../migrations")]
async fn support_sees_what_admins_see_and_changes_nothing(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (support, customer) = (client.create_user("support", Role::Support).await, client.customer().await);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let order = client.place(&customer).await;

    let seen = client.send(get(&format!("/orders/{order}")).by(&support)).await.expect(StatusCode::OK);
    assert_eq!(seen["id"], json!(order));
    client.send(get("/admin/users").by(&support)).await.expect(StatusCode::OK);
    let cancel = post(&format!("/orders/{order}/cancel")).by(&support).json(&json!({}));
    client.send(cancel).await.expect_problem(404, "not-found");
    let change = patch_user(&customer, &json!({ "disabled": true, "reason": "no" })).by(&support);
    client.send(change).await.expect_problem(403, "forbidden");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_products_of_a_former_vendor_are_not_sold_until_an_admin_gives_them_to_another(pool: PgPool) {
    let client = ApiClient::new(pool);
    let admin = client.create_user("admin", Role::Admin).await;
    let (former, next) =
        (client.create_user("former", Role::Vendor).await, client.create_user("next", Role::Vendor).await);
    client.create_stock(former.id).await;
    let path = format!("/api/v1/products/{CABLE}");
    let hand_over = |vendor: &TestUser| {
        ApiRequest::new(Method::PATCH, &path).json(&json!({ "vendor_id": vendor.id.as_uuid(), "active": true }))
    };

    let demote = patch_user(&former, &json!({ "role": "customer", "reason": "contract ended" })).by(&admin);
    client.send(demote).await.expect(StatusCode::OK);
    client.send(get(&format!("/products/{CABLE}"))).await.expect_problem(404, "not-found");
    client.send(hand_over(&next).by(&next)).await.expect_problem(404, "not-found");
    let response = client.send(hand_over(&former).by(&admin)).await;
    assert_eq!(response.pointers(), ["/vendor_id"], "a customer sells nothing");
    client.send(hand_over(&next).by(&admin)).await.expect(StatusCode::OK);

    let product = client.send(get(&format!("/products/{CABLE}"))).await.expect(StatusCode::OK);
    assert_eq!(product["vendor_id"], json!(next.id.as_uuid()));
}
