//! TLS to Postgres, RabbitMQ and Redis, with certificates of an authority that nobody else knows.

use platform::config::RedisArgs;
use platform::redis::Redis;
use std::process::Command;
use std::time::Duration;
use system_tests::database::Database;
use system_tests::tls_proxy::{Authority, TlsProxy};
use system_tests::{NewOrder, SeedProduct, TestSystem, eventually, settings};

const NAME: &str = "tls";
const LIMIT: Duration = Duration::from_secs(30);

fn authority(file: &str) -> Authority {
    Authority::create(&settings::binaries().join("authorities"), file)
}

#[tokio::test]
async fn an_order_is_confirmed_when_every_service_has_a_certificate_of_a_private_authority() {
    let authority = authority("own.pem");
    let ca_file = authority.file.to_str().expect("a path of this test");
    let database = TlsProxy::before(&settings::database_url(), &authority).await;
    let broker = TlsProxy::before(&settings::rabbitmq_url(), &authority).await;
    let redis = TlsProxy::before(&settings::redis_url(), &authority).await;
    let broker_url = TestSystem::broker_url_of(NAME);
    let system = TestSystem::of(NAME).product(SeedProduct::of("SKU-SECRET", 10));
    let system = system.setting("DATABASE_URL", &database.url_of(&Database::url_of(NAME), "postgres"));
    let system = system.setting("DATABASE_STATEMENT_CACHE", "100").setting("DATABASE_CA_FILE", ca_file);
    let system = system.setting("RABBITMQ_URL", &broker.url_of(&broker_url, "amqps"));
    let system = system.setting("RABBITMQ_CA_FILE", ca_file).setting("REDIS_CA_FILE", ca_file);
    let system = system.setting("REDIS_URL", &redis.url_of(&settings::redis_url(), "rediss")).start().await;
    let client = system.client().signed_up("secret").await;

    let id = client.place_accepted(&NewOrder::of("SKU-SECRET", 1)).await;
    client.wait_until(id, "confirmed", LIMIT).await;

    eventually("health to be ok", LIMIT, || async {
        let health = client.health().await?;
        if health == "ok" { Ok(()) } else { Err(health) }
    })
    .await;
    for proxy in [&database, &broker, &redis] {
        assert!(proxy.handshakes() > 0, "a connection is not encrypted");
    }
    system.finish().await;
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let (right, wrong) = (authority("right.pem"), authority("wrong.pem"));
    let database = TlsProxy::before(&settings::database_url(), &right).await;
    let url = database.url_of(&settings::database_url(), "postgres");
    let verify = |ca_file: String| async {
        let environment = [("DATABASE_URL", url.clone()), ("DATABASE_CA_FILE", ca_file)];
        let mut command = Command::new(settings::binaries().join("orderctl"));
        command.arg("migrate").env_clear().envs(environment);
        let running = tokio::task::spawn_blocking(move || command.output());
        let output = running.await.expect("it does not panic").expect("orderctl is built");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };

    let errors = verify(wrong.file.display().to_string()).await;

    assert!(errors.contains("certificate"), "{errors}");
}

#[tokio::test]
async fn redis_is_used_only_with_a_certificate_of_the_authority() {
    let (right, wrong) = (authority("redis-right.pem"), authority("redis-wrong.pem"));
    let proxy = TlsProxy::before(&settings::redis_url(), &right).await;
    let url = proxy.url_of(&settings::redis_url(), "rediss");
    let redis = |authority: &Authority| {
        let args = RedisArgs { redis_url: url.clone().into(), redis_ca_file: Some(authority.file.clone()) };
        Redis::new(&args).expect("a URL and a file").with_call_limit(LIMIT)
    };

    let answered = redis(&right).ping().await;
    let refused = redis(&wrong).ping().await;

    assert!(answered.is_ok(), "{answered:?}");
    assert!(refused.is_err(), "the certificate of another authority was accepted");
}
