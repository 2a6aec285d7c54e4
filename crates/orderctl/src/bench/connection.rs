//! One keep-alive connection that says HTTP/1.1, and no more of it than our own processes answer with. What measures a
//! machine from within should cost it little: a request is one write, an answer one read.

use anyhow::{Context, bail, ensure};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANSWER_LIMIT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 4 * 1_024 * 1_024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
const READ_BYTES: usize = 16 * 1_024;

#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// What the last read brought.
    read: Vec<u8>,
}

#[derive(Debug)]
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("nothing listens at {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(READ_BYTES) })
    }

    /// Sends a whole request and takes the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        tokio::time::timeout(ANSWER_LIMIT, self.exchange_now(request)).await.context("no answer in time")?
    }

    async fn exchange_now(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let head_length = loop {
            let seen = self.read.len().saturating_sub(END_OF_HEAD.len());
            self.read_more().await?;
            let end = self.read[seen..].windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD);
            if let Some(end) = end {
                break seen + end + END_OF_HEAD.len();
            }
        };
        let Head { status, body_length } = Head::parse(&self.read[..head_length])?;
        while self.read.len() < head_length + body_length {
            self.read_more().await?;
        }
        Ok(Answer { status, body: &self.read[head_length..head_length + body_length] })
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        ensure!(self.read.len() < ANSWER_BYTES_MAX, "an answer of over {ANSWER_BYTES_MAX} bytes");
        self.read.reserve(READ_BYTES);
        ensure!(self.stream.read_buf(&mut self.read).await? > 0, "the connection was closed");
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    body_length: usize,
}

impl Head {
    fn parse(head: &[u8]) -> anyhow::Result<Self> {
        let head = std::str::from_utf8(head).context("a head that is no text")?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
        let status = status.context("not an answer of HTTP/1.1")?;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("content-length") {
                let body_length = value.trim().parse().context("a content-length that is no number")?;
                return Ok(Self { status, body_length });
            }
        }
        bail!("an answer {status} without content-length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_answer_is_whole_however_it_is_cut() {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = server.local_addr().expect("its address");
        let answer = async {
            let (mut client, _address) = server.accept().await.expect("a client");
            client.set_nodelay(true).expect("a socket");
            client.read_exact(&mut [0; 3]).await.expect("the request");
            for part in ["HTTP/1.1 202 Acc", "epted\r\nContent-Length: 5\r", "\n\r", "\nabc", "de"] {
                client.write_all(part.as_bytes()).await.expect("the client listens");
                client.flush().await.expect("the client listens");
                tokio::task::yield_now().await;
            }
        };
        let ask = async {
            let mut connection = Connection::open(address).await.expect("the server listens");
            let Answer { status, body } = connection.exchange(b"ask").await.expect("an answer");
            assert_eq!((status, body), (202, &b"abcde"[..]));
        };
        tokio::join!(answer, ask);
    }

    #[test]
    fn what_is_not_an_answer_of_ours_is_refused() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(Head::parse(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
    }
}
