//! `orderctl probe`: the health check of a container, which has no curl.

use anyhow::{Context, ensure};
use clap::Args;
use reqwest::Client;
use reqwest::redirect::Policy;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// What to ask, for instance <http://127.0.0.1:8000/system/health/ready>.
    url: String,
    /// How long the answer may take.
    #[arg(long, default_value_t = 3_000, value_name = "MILLISECONDS")]
    timeout_ms: u64,
}

/// Fails unless the answer is a 2xx. Past any proxy: what is asked is a neighbour.
pub async fn probe(args: &ProbeArgs) -> anyhow::Result<()> {
    let limit = Duration::from_millis(args.timeout_ms);
    let client = Client::builder().timeout(limit).no_proxy().redirect(Policy::none()).build()?;
    let answer = client.get(&args.url).send().await.with_context(|| format!("no answer from {}", args.url))?;
    ensure!(answer.status().is_success(), "{} answers {}", args.url, answer.status());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Probes a server that gives this one answer.
    async fn probe_of(answer: &'static str) -> anyhow::Result<()> {
        let server = TcpListener::bind("127.0.0.1:0").await?;
        let args = ProbeArgs { url: format!("http://{}/live", server.local_addr()?), timeout_ms: 10_000 };
        let serve = async {
            let (mut client, _address) = server.accept().await?;
            let mut request = [0; 1_024];
            let read = client.read(&mut request).await?;
            assert!(request[..read].starts_with(b"GET /live HTTP/1.1\r\n"));
            client.write_all(answer.as_bytes()).await
        };
        let (outcome, told) = tokio::join!(probe(&args), serve);
        told?;
        outcome
    }

    #[tokio::test]
    async fn a_2xx_is_good() {
        probe_of("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("200 is good");
        probe_of("HTTP/1.1 204 No Content\r\n\r\n").await.expect("204 is good");
    }

    #[tokio::test]
    async fn anything_else_is_not_and_is_told() {
        let error = probe_of("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await;
        assert!(error.expect_err("503 is not good").to_string().ends_with("answers 503 Service Unavailable"));
        let elsewhere = probe_of("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n").await;
        elsewhere.expect_err("a redirect is not followed");
    }

    #[tokio::test]
    async fn nobody_there_is_told() {
        let port = TcpListener::bind("127.0.0.1:0").await.and_then(|gone| gone.local_addr()).expect("a port").port();
        let args = ProbeArgs { url: format!("http://127.0.0.1:{port}/"), timeout_ms: 10_000 };
        let error = probe(&args).await.expect_err("nobody listens there");
        assert!(error.to_string().starts_with("no answer from http://127.0.0.1:"));
    }
}
