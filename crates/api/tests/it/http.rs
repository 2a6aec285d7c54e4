use crate::client::{Ask, Door, get, post};
use axum::http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;
use std::time::Duration;

#[sqlx::test(migrations = "../../migrations")]
async fn a_problem_has_this_shape(pool: PgPool) {
    let door = Door::open(pool);
    let body = json!({ "email": "nobody", "password": "short", "role": "admin" });

    let answer = door.send(post("/auth/signup").header("x-request-id", "shop-17").json(&body)).await;

    insta::assert_json_snapshot!(answer.expect_problem(422, "validation"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_kind_of_problem_explains_itself(pool: PgPool) {
    let door = Door::open(pool);

    let explained = door.send(get("/problems/idempotency-key-reused")).await.expect(StatusCode::OK);

    assert_eq!(explained["status"], 422);
    assert!(explained["cause"].is_string() && explained["cure"].is_string(), "{explained}");
    assert_eq!(explained["example"]["code"], "idempotency-key-reused");
    door.send(get("/problems/no-such")).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_not_here_is_404_and_what_can_not_be_done_here_405_46(pool: PgPool) {
    let door = Door::open(pool);

    door.send(get("/no-such")).await.expect_problem(404, "not-found");
    door.send(get("/api/v2/orders")).await.expect_problem(404, "not-found");
    for (method, path, allow) in [
        (Method::PUT, "/orders", "GET,HEAD,POST"),
        (Method::TRACE, "/", "GET,HEAD"),
        (Method::DELETE, "/auth/login", "POST"),
    ] {
        let answer = door.send(Ask::new(method, path)).await;
        let mut allowed: Vec<_> = answer.headers["allow"].to_str().unwrap().split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow, "{path}");
        answer.expect_problem(405, "method-not-allowed");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn heads_that_are_too_large_or_ask_for_something_else_are_refused_44_45(pool: PgPool) {
    let door = Door::open(pool);

    door.send(get("/products").header("accept", "application/xml")).await.expect_problem(406, "not-acceptable");
    door.send(get("/products").header("accept", "text/html, */*;q=0.1")).await.expect(StatusCode::OK);
    door.send(get("/products").header("x-padding", &"x".repeat(20_000))).await.expect_problem(431, "headers-too-large");
    door.send(get(&format!("/products?q={}", "x".repeat(60_000)))).await.expect_problem(414, "uri-too-long");
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_answer_has_an_id_and_safe_headers(pool: PgPool) {
    let door = Door::open(pool);

    for ask in [get("/products"), get("/no-such"), get("/auth/me"), get("/system/health/live")] {
        let headers = door.send(ask).await.headers;
        assert_eq!(headers["x-request-id"].len(), 36);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
    let odd = door.send(get("/products").header("x-request-id", "two words\"")).await;
    assert_eq!(odd.headers["x-request-id"].len(), 36);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_408_41() {
    let nowhere = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
    let door = Door::open(nowhere);
    let dripping = futures::stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>("["), ()))
    });

    let begun = tokio::time::Instant::now();
    let ask = post("/auth/login").header("content-type", "application/json");
    let answer = door.send(ask.body(axum::body::Body::from_stream(dripping))).await;

    answer.expect_problem(408, "request-timeout");
    assert!(begun.elapsed() <= Duration::from_secs(10));
}

#[sqlx::test(migrations = "../../migrations")]
async fn more_requests_than_allowed_at_once_are_turned_away(pool: PgPool) {
    let door = Door::open(pool);
    let all = door.state.requests.try_acquire_many(64).unwrap();

    let answer = door.send(get("/products")).await;

    assert_eq!(answer.headers["retry-after"], "1");
    answer.expect_problem(503, "overloaded");
    door.send(get("/system/health/live")).await.expect(StatusCode::OK);
    drop(all);
    door.send(get("/products")).await.expect(StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_description_and_its_page_are_served_from_here(pool: PgPool) {
    let door = Door::open(pool);

    let description = door.send(get("/openapi.json")).await.expect(StatusCode::OK);
    let page = door.send(get("/docs/")).await.expect(StatusCode::OK);

    assert!(description["paths"]["/api/v1/orders"]["post"]["responses"]["202"].is_object());
    let setup = door.send(get("/docs/swagger-initializer.js")).await.expect(StatusCode::OK);
    assert!(setup.as_str().unwrap().contains(r#""validatorUrl": "none""#), "{setup}");
    let page = page.as_str().unwrap();
    assert!(page.contains("swagger-ui") && !page.contains("https://"), "{page}");
    assert_eq!(door.send(get("/")).await.headers["location"], "/docs/");
}
