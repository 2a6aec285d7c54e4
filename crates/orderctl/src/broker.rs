//! `orderctl broker`: declares the topology and creates a broker user per process with minimal permissions.

use anyhow::{Context, ensure};
use clap::Args;
use messaging::broker::BrokerConnections;
use messaging::permissions::{BrokerRole, Permissions};
use platform::config::{EnvironmentArgs, RabbitmqArgs, known_password, known_password_in_url};
use reqwest::{Certificate, Client};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;

const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub struct BrokerArgs {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    rabbitmq: RabbitmqArgs,
    /// RabbitMQ's management API with an administrator's login: `http://user:password@host:15672`.
    #[arg(long, env, hide_env_values = true)]
    rabbitmq_management_url: SecretString,
    /// Password of the api's user.
    #[arg(long, env, hide_env_values = true)]
    rabbitmq_api_password: SecretString,
    /// Password of the worker's user.
    #[arg(long, env, hide_env_values = true)]
    rabbitmq_worker_password: SecretString,
    /// Password of the scheduler's user.
    #[arg(long, env, hide_env_values = true)]
    rabbitmq_scheduler_password: SecretString,
}

/// Declares the topology as the user of `RABBITMQ_URL`, and creates the users in the vhost of that URL. A repeat
/// changes only passwords that differ.
pub async fn set_up(args: &BrokerArgs) -> anyhow::Result<()> {
    let problems = args.problems();
    ensure!(problems.is_empty(), "{}", problems.join("; "));
    let vhost = vhost_of(args.rabbitmq.rabbitmq_url.expose_secret())?;
    let connections = BrokerConnections::new(&args.rabbitmq, "orderctl broker")?;
    connections.publishing.declare_all().await.context("the topology can't be declared")?;
    connections.close().await;
    println!("broker: exchanges and queues declared in {vhost}");
    let http = args.http_client()?;
    for (role, password) in args.passwords() {
        let (name, Permissions { configure, write, read }) = (format!("{vhost}-{role}"), role.permissions());
        let user = json!({ "password": password.expose_secret(), "tags": "" });
        args.put(&http, &["users", &name], user).await?;
        let permissions = json!({ "configure": configure, "write": write, "read": read });
        args.put(&http, &["permissions", &vhost, &name], permissions).await?;
        println!("broker: user {name}");
    }
    Ok(())
}

impl BrokerArgs {
    /// Trusts the authorities of `RABBITMQ_CA_FILE`, which sign the management API's certificate too.
    fn http_client(&self) -> anyhow::Result<Client> {
        let builder = Client::builder().timeout(RESPONSE_TIMEOUT).no_proxy();
        let Some(authorities) = self.rabbitmq.read_ca_file().context("RABBITMQ_CA_FILE")? else {
            return Ok(builder.build()?);
        };
        let authorities = Certificate::from_pem_bundle(authorities.as_bytes()).context("RABBITMQ_CA_FILE")?;
        Ok(builder.tls_certs_merge(authorities).build()?)
    }

    fn problems(&self) -> Vec<String> {
        let of_roles = self.passwords().map(|(role, password)| {
            let variable = format!("RABBITMQ_{}_PASSWORD", role.to_string().to_uppercase());
            known_password(&variable, &role.to_string(), password.expose_secret())
        });
        let of_administrators = [
            self.rabbitmq.known_passwords(),
            known_password_in_url("RABBITMQ_MANAGEMENT_URL", &self.rabbitmq_management_url),
        ];
        let in_production = self.environment.in_production(&[of_administrators.concat(), of_roles.concat()]);
        [self.rabbitmq.problems(), in_production].concat()
    }

    fn passwords(&self) -> [(BrokerRole, &SecretString); 3] {
        [
            (BrokerRole::Api, &self.rabbitmq_api_password),
            (BrokerRole::Worker, &self.rabbitmq_worker_password),
            (BrokerRole::Scheduler, &self.rabbitmq_scheduler_password),
        ]
    }

    /// Errors name the resource and never the URL, which contains a password.
    async fn put(&self, http: &Client, path: &[&str], body: Value) -> anyhow::Result<()> {
        let mut url: reqwest::Url =
            self.rabbitmq_management_url.expose_secret().parse().context("RABBITMQ_MANAGEMENT_URL is not a URL")?;
        let steps = url.path_segments_mut();
        let mut steps = steps.map_err(|()| anyhow::anyhow!("RABBITMQ_MANAGEMENT_URL is not an HTTP URL"))?;
        steps.pop_if_empty().push("api").extend(path);
        drop(steps);
        let what = path.join("/");
        let sent = http.put(url).json(&body).send().await.map_err(reqwest::Error::without_url);
        let status = sent.with_context(|| format!("no response from RabbitMQ's management API for {what}"))?.status();
        ensure!(status.is_success(), "RabbitMQ's management API responded {status} for {what}");
        Ok(())
    }
}

/// The path of an AMQP URL, decoded.
fn vhost_of(url: &str) -> anyhow::Result<String> {
    let uri: lapin::uri::AMQPUri = url.parse().map_err(|_bad| anyhow::anyhow!("RABBITMQ_URL is not an AMQP URL"))?;
    Ok(uri.vhost)
}
