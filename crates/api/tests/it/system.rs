//! Health checks and metrics.

use crate::client::{ApiClient, OPTIONS, get};
use api::Options;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::time::Duration;
use tower::ServiceExt;

#[sqlx::test(migrations = "../../migrations")]
async fn without_rabbitmq_and_redis_the_api_is_degraded_but_ready(pool: PgPool) {
    let client = ApiClient::new(pool);

    for base in ["", "/api/v1"] {
        let health = client.send(get(&format!("{base}/system/health"))).await.expect(StatusCode::OK);
        assert_eq!(health["status"], "degraded");
        assert_eq!(health["dependencies"]["postgres"]["status"], "ok");
        assert_eq!(health["dependencies"]["rabbitmq"]["status"], "down");
        assert_eq!(health["dependencies"]["redis"]["status"], "down");
        let ready = client.send(get(&format!("{base}/system/health/ready"))).await.expect(StatusCode::OK);
        assert_eq!(ready["status"], "degraded");
        client.send(get(&format!("{base}/system/health/live"))).await.expect(StatusCode::OK);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn health_names_an_outbox_that_does_not_drain(pool: PgPool) {
    let client = ApiClient::new(pool.clone());
    let insert = "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, created_at)
                  VALUES (gen_random_uuid(), 'test', 'test', 'test', '{}', now() - make_interval(secs => $1))";
    let faults = async |age: f64| {
        sqlx::raw_sql("DELETE FROM messaging.outbox").execute(&pool).await.expect("deleted");
        sqlx::query(insert).bind(age).execute(&pool).await.expect("inserted");
        let health = client.send(get("/system/health")).await.expect(StatusCode::OK);
        assert_eq!(health["status"], "degraded");
        health["faults"].to_string()
    };

    let stalled = faults(60.0).await;
    assert!(stalled.contains("the outbox does not drain: its oldest message has waited 60 s"), "{stalled}");
    let recent = faults(1.0).await;
    assert!(!recent.contains("outbox"), "{recent}");
}

#[tokio::test]
async fn without_postgres_the_api_is_alive_but_down() {
    let options = PgPoolOptions::new().acquire_timeout(Duration::from_millis(300));
    let client = ApiClient::new(options.connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap());

    let health = client.send(get("/system/health")).await.expect(StatusCode::SERVICE_UNAVAILABLE);

    assert_eq!(health["status"], "down");
    client.send(get("/system/health/ready")).await.expect(StatusCode::SERVICE_UNAVAILABLE);
    client.send(get("/system/health/live")).await.expect(StatusCode::OK);
    let refused = client.send(get("/products")).await;
    assert_eq!(refused.headers["retry-after"], "1");
    let body = refused.expect_problem(503, "unavailable").to_string();
    assert!(!body.contains("127.0.0.1") && !body.contains("refused"), "{body}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_process_that_stops_is_not_ready(pool: PgPool) {
    let client = ApiClient::new(pool);

    client.lifecycle.stopping.cancel();

    client.send(get("/system/health/ready")).await.expect(StatusCode::SERVICE_UNAVAILABLE);
}

#[sqlx::test(migrations = "../../migrations")]
async fn requests_are_counted_by_their_route_not_by_their_path(pool: PgPool) {
    let client = ApiClient::new(pool);
    client.send(get("/products/SKU-1")).await;
    client.send(get("/products/SKU-2")).await;
    client.send(get("/no/such/path")).await;

    let text = client.send(get("/metrics")).await.expect(StatusCode::OK);

    let text = text.as_str().unwrap();
    let counted = r#"http_requests_total{method="GET",route="/api/v1/products/{sku}",status="404"} 2"#;
    assert!(text.contains(counted), "{text}");
    assert!(text.contains(r#"route="none",status="404"} 1"#), "{text}");
    assert!(
        text.contains("process_resident_memory_bytes") && !text.contains("SKU-1") && !text.contains("such"),
        "{text}"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn with_a_port_for_operators_clients_reach_the_probes_only(pool: PgPool) {
    let mut client = ApiClient::with_options(pool, Options { serves_operators: false, ..OPTIONS });
    let (operators, probes) =
        (["/system/health", "/system/workers", "/system/metrics"], ["/system/health/live", "/system/health/ready"]);

    for base in ["", "/api/v1"] {
        for path in operators {
            assert_eq!(status(&client.router, &format!("{base}{path}")).await, StatusCode::NOT_FOUND);
        }
        for path in probes {
            client.send(get(&format!("{base}{path}"))).await.expect(StatusCode::OK);
        }
    }
    assert_eq!(status(&client.router, "/metrics").await, StatusCode::NOT_FOUND);

    client.router = api::operators_router(client.state.clone());
    for path in operators.iter().chain(&probes).chain(&["/metrics"]) {
        client.send(get(path)).await.expect(StatusCode::OK);
    }
    assert_eq!(status(&client.router, "/api/v1/products").await, StatusCode::NOT_FOUND);
}

/// The status of a path that the description has, but this router does not serve.
async fn status(router: &axum::Router, path: &str) -> StatusCode {
    let request = Request::get(path).header("host", "localhost").body(Body::empty()).expect("a request");
    router.clone().oneshot(request).await.expect("the router never fails").status()
}
