//! `orderctl probe`: the health check of a container, which has no curl.

use anyhow::{Context, ensure};
use clap::Args;
use reqwest::Client;
use reqwest::redirect::Policy;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// The URL, for example <http://127.0.0.1:8000/system/health/ready>.
    url: String,
    /// Timeout for the response.
    #[arg(long, default_value_t = 3_000, value_name = "MILLISECONDS")]
    timeout_ms: u64,
}

/// Fails unless the response is 2xx. Proxies are bypassed: the target runs in the same container or network.
pub async fn probe(args: &ProbeArgs) -> anyhow::Result<()> {
    let timeout = Duration::from_millis(args.timeout_ms);
    let client = Client::builder().timeout(timeout).no_proxy().redirect(Policy::none()).build()?;
    let response = client.get(&args.url).send().await.with_context(|| format!("no response from {}", args.url))?;
    ensure!(response.status().is_success(), "{} responded {}", args.url, response.status());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Probes a server that sends this response.
    async fn probe_of(response: &'static str) -> anyhow::Result<()> {
        let server = TcpListener::bind("127.0.0.1:0").await?;
        let args = ProbeArgs { url: format!("http://{}/live", server.local_addr()?), timeout_ms: 10_000 };
        let serve = async {
            let (mut client, _address) = server.accept().await?;
            let mut request = [0; 1_024];
            let read = client.read(&mut request).await?;
            assert!(request[..read].starts_with(b"GET /live HTTP/1.1\r\n"));
            client.write_all(response.as_bytes()).await
        };
        let (outcome, written) = tokio::join!(probe(&args), serve);
        written?;
        outcome
    }

    #[tokio::test]
    async fn a_2xx_response_succeeds() {
        probe_of("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("200 succeeds");
        probe_of("HTTP/1.1 204 No Content\r\n\r\n").await.expect("204 succeeds");
    }

    #[tokio::test]
    async fn any_other_response_fails_with_its_status() {
        let error = probe_of("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await;
        assert!(error.expect_err("503 fails").to_string().ends_with("responded 503 Service Unavailable"));
        let elsewhere = probe_of("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n").await;
        elsewhere.expect_err("a redirect is not followed");
    }

    #[tokio::test]
    async fn a_refused_connection_fails_with_the_url() {
        let port =
            TcpListener::bind("127.0.0.1:0").await.and_then(|closed| closed.local_addr()).expect("a port").port();
        let args = ProbeArgs { url: format!("http://127.0.0.1:{port}/"), timeout_ms: 10_000 };
        let error = probe(&args).await.expect_err("nothing listens there");
        assert!(error.to_string().starts_with("no response from http://127.0.0.1:"));
    }
}
