//! A proxy that offers TLS in front of a service, with a certificate of an authority of its own.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use reqwest::Url;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Postgres's request for TLS: its length and a code. The server agrees with one letter.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// An authority, and a certificate of it for `localhost`.
#[derive(Debug)]
pub struct Authority {
    /// The authority's certificate, as PEM.
    pub file: PathBuf,
    server: Arc<ServerConfig>,
}

impl Authority {
    /// Makes an authority and stores its certificate as `FILE` in `directory`.
    pub fn create(directory: &Path, file: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate");
        std::fs::create_dir_all(directory).expect("target/ can be written");
        let file = directory.join(file);
        std::fs::write(&file, certificate.pem()).expect("target/ can be written");
        Self { file, server: Arc::new(server_config(&Issuer::new(params, key))) }
    }
}

fn server_config(issuer: &Issuer<'_, KeyPair>) -> ServerConfig {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder().with_no_client_auth();
    config.with_single_cert(vec![certificate.der().clone()], key).expect("the key of the certificate")
}

/// Forwards the content of TLS connections. It is stopped when it is dropped.
#[derive(Debug)]
pub struct TlsProxy {
    port: u16,
    handshakes: Arc<AtomicUsize>,
    _accepting: JoinSet<()>,
}

impl TlsProxy {
    /// Starts a proxy in front of the host and port of `url`.
    pub async fn before(url: &str, authority: &Authority) -> Self {
        let target = parsed(url).socket_addrs(|| None).expect("a host and a port")[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let handshakes = Arc::new(AtomicUsize::new(0));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, target, TlsAcceptor::from(Arc::clone(&authority.server)), handshakes.clone()));
        Self { port, handshakes, _accepting: accepting }
    }

    /// `url` with this scheme and the address of this proxy.
    pub fn url_of(&self, url: &str, scheme: &str) -> String {
        let mut url = parsed(url);
        url.set_host(Some("localhost")).expect("it may have a host");
        url.set_port(Some(self.port)).expect("it may have a port");
        url.as_str().split_once("://").map(|(_plain, rest)| format!("{scheme}://{rest}")).expect("a URL")
    }

    /// The number of handshakes that succeeded.
    pub fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::Relaxed)
    }
}

fn parsed(url: &str) -> Url {
    url.parse().expect("a URL")
}

async fn accept(listener: TcpListener, target: SocketAddr, acceptor: TlsAcceptor, handshakes: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    while let Ok((connection, _address)) = listener.accept().await {
        let (acceptor, handshakes) = (acceptor.clone(), Arc::clone(&handshakes));
        connections.spawn(async move { drop(forward(connection, target, acceptor, handshakes).await) });
    }
}

/// A client that refuses the certificate ends the connection, which is no error of the proxy.
async fn forward(
    mut connection: TcpStream,
    target: SocketAddr,
    acceptor: TlsAcceptor,
    handshakes: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let mut first = [0; 8];
    connection.peek(&mut first).await?;
    if first == SSL_REQUEST {
        connection.read_exact(&mut first).await?;
        connection.write_all(b"S").await?;
    }
    let mut client = acceptor.accept(connection).await?;
    handshakes.fetch_add(1, Ordering::Relaxed);
    copy_bidirectional(&mut client, &mut TcpStream::connect(target).await?).await.map(|_bytes| ())
}
