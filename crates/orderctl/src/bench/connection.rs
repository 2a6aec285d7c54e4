//! A minimal keep-alive HTTP/1.1 connection that supports only the responses of our own processes. The load generator
//! shares the machine with the system under test, so it must be cheap: one write per request, one read per response.

use anyhow::{Context, bail, ensure};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
const RESPONSE_BYTES_MAX: usize = 4 * 1_024 * 1_024;
const HEADERS_END: &[u8] = b"\r\n\r\n";
const READ_BYTES: usize = 16 * 1_024;

#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// The bytes of the current response.
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub struct Response<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("nothing listens at {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(READ_BYTES) })
    }

    /// Sends a complete request and reads the complete response.
    pub async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Response<'_>> {
        tokio::time::timeout(RESPONSE_TIMEOUT, self.exchange_now(request)).await.context("no response in time")?
    }

    async fn exchange_now(&mut self, request: &[u8]) -> anyhow::Result<Response<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let header_length = loop {
            let searched = self.buffer.len().saturating_sub(HEADERS_END.len());
            self.read_more().await?;
            let end = self.buffer[searched..].windows(HEADERS_END.len()).position(|bytes| bytes == HEADERS_END);
            if let Some(end) = end {
                break searched + end + HEADERS_END.len();
            }
        };
        let Head { status, body_length } = Head::parse(&self.buffer[..header_length])?;
        while self.buffer.len() < header_length + body_length {
            self.read_more().await?;
        }
        Ok(Response { status, body: &self.buffer[header_length..header_length + body_length] })
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        ensure!(self.buffer.len() < RESPONSE_BYTES_MAX, "the response has more than {RESPONSE_BYTES_MAX} bytes");
        self.buffer.reserve(READ_BYTES);
        ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the connection was closed");
        Ok(())
    }
}

/// The parts of the response head that are needed.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    body_length: usize,
}

impl Head {
    fn parse(head: &[u8]) -> anyhow::Result<Self> {
        let head = std::str::from_utf8(head).context("the response headers are not UTF-8")?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
        let status = status.context("not an HTTP/1.1 response")?;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("content-length") {
                let body_length = value.trim().parse().context("content-length is not a number")?;
                return Ok(Self { status, body_length });
            }
        }
        bail!("response {status} has no content-length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_response_in_several_segments_is_read_completely() {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = server.local_addr().expect("its address");
        let respond = async {
            let (mut client, _address) = server.accept().await.expect("a client");
            client.set_nodelay(true).expect("a socket");
            client.read_exact(&mut [0; 3]).await.expect("the request");
            for part in ["HTTP/1.1 202 Acc", "epted\r\nContent-Length: 5\r", "\n\r", "\nabc", "de"] {
                client.write_all(part.as_bytes()).await.expect("the client reads");
                client.flush().await.expect("the client reads");
                tokio::task::yield_now().await;
            }
        };
        let request = async {
            let mut connection = Connection::open(address).await.expect("the server listens");
            let Response { status, body } = connection.exchange(b"get").await.expect("a response");
            assert_eq!((status, body), (202, &b"abcde"[..]));
        };
        tokio::join!(respond, request);
    }

    #[test]
    fn a_chunked_or_foreign_response_is_refused() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(Head::parse(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
    }
}
