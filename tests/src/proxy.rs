//! A TCP proxy that can fall silent: its connections stay open without forwarding anything, as after a fail-over or
//! behind a NAT that dropped its state.

use reqwest::Url;
use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

#[derive(Debug)]
pub struct Proxy {
    port: u16,
    /// How often it fell silent. A change stops the forwarding on every connection that is open.
    silences: watch::Sender<u32>,
    /// Accepts connections. It is aborted when the proxy is dropped.
    _accepting: JoinSet<()>,
}

impl Proxy {
    /// Starts a proxy that forwards connections to the host and port of `url`.
    pub async fn before(url: &str) -> Self {
        let url = parsed(url);
        let target = url.socket_addrs(|| None).expect("a host and a port")[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let (silences, receiver) = watch::channel(0);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, target, receiver));
        Self { port, silences, _accepting: accepting }
    }

    /// `url` with the address of this proxy.
    pub fn url_of(&self, url: &str) -> String {
        let mut url = parsed(url);
        url.set_host(Some("127.0.0.1")).expect("it may have a host");
        url.set_port(Some(self.port)).expect("it may have a port");
        url.into()
    }

    /// Stops forwarding on every open connection. New connections are forwarded.
    pub fn silence(&self) {
        self.silences.send_modify(|silences| *silences += 1);
    }
}

fn parsed(url: &str) -> Url {
    url.parse().expect("a URL")
}

async fn accept(listener: TcpListener, target: SocketAddr, silences: watch::Receiver<u32>) {
    let mut connections = JoinSet::new();
    while let Ok((connection, _address)) = listener.accept().await {
        let mut silences = silences.clone();
        silences.mark_unchanged();
        connections.spawn(forward(connection, target, silences));
    }
}

async fn forward(mut connection: TcpStream, target: SocketAddr, mut silences: watch::Receiver<u32>) {
    let mut server = TcpStream::connect(target).await.expect("the server listens");
    tokio::select! {
        _closed = copy_bidirectional(&mut connection, &mut server) => {}
        // Both connections stay open, and neither is read.
        Ok(()) = silences.changed() => std::future::pending().await,
    }
}
