//! A network between a browser and a collector: a proxy on a real socket that does to submissions what networks do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Far longer than anything takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What happens on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Everything passes.
    Up,
    /// Open connections are reset, and so is every new one.
    Down,
    /// A submission reaches the collector and is stored; its answer is lost, and the connection reset.
    LosesAnswers,
    /// A submission gets no further until the network changes.
    Holds,
    /// The answer to a submission comes byte by byte, the last one only when the network changes.
    Trickles,
    /// A submission is answered on the way, with this status and this many seconds in `Retry-After`.
    Refuses(u16, u32),
}

/// A submission that came by.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// Its `Idempotency-Key`.
    pub key: String,
    /// Its body.
    pub body: Value,
    /// When it came.
    pub at: Instant,
}

/// A proxy in front of a collector. Other requests than submissions pass in every network but [`Network::Down`].
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens, without a slash at the end.
    pub url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    network: watch::Sender<Network>,
    submissions: watch::Sender<Vec<Submission>>,
}

impl Proxy {
    /// Stands in front of the collector at a URL such as `http://127.0.0.1:8787`.
    pub async fn before(collector: &str) -> Self {
        let upstream = collector.trim_start_matches("http://").parse().expect("an address and a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (network, submissions) = (watch::Sender::new(Network::Up), watch::Sender::new(Vec::new()));
        let shared = Arc::new(Shared { upstream, network, submissions });
        let accepting = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&accepting)));
            }
        });
        Self { url, shared, server }
    }

    /// Changes the network, for what is on its way too.
    pub fn set(&self, network: Network) {
        self.shared.network.send_replace(network);
    }

    /// What has come by so far.
    pub fn submissions(&self) -> Vec<Submission> {
        self.shared.submissions.borrow().clone()
    }

    /// Waits until so many submissions have come by.
    pub async fn wait_for_submissions(&self, count: usize) -> Vec<Submission> {
        let mut seen = self.shared.submissions.subscribe();
        let enough = tokio::time::timeout(PATIENCE, seen.wait_for(|seen| seen.len() >= count)).await;
        enough.unwrap_or_else(|_| panic!("waited in vain for submission {count}")).expect("the proxy lives").clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// One connection, which carries one request.
async fn serve(mut client: TcpStream, shared: Arc<Shared>) {
    let mut network = shared.network.subscribe();
    let whole = tokio::select! {
        _ = network.wait_for(|network| *network == Network::Down) => false,
        whole = answer(&mut client, &shared) => whole,
    };
    if !whole {
        // A client whose connection is gone anyway is no reason to fail.
        let _ = client.set_zero_linger();
    }
}

/// Answers a request. What it gives says whether the connection ended as it should.
async fn answer(client: &mut TcpStream, shared: &Shared) -> bool {
    let Some(request) = Request::read(client).await else { return true };
    let Some(key) = request.header("idempotency-key").filter(|_| request.is_submission()) else {
        return client.write_all(&request.forward(shared.upstream).await).await.is_ok();
    };
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    shared.submissions.send_modify(|seen| seen.push(Submission { key: key.to_owned(), body, at: Instant::now() }));
    let mut network = shared.network.subscribe();
    let changed = network.wait_for(|network| *network != Network::Holds).await.map(|network| *network);
    match changed {
        Ok(Network::Refuses(status, seconds)) => client.write_all(&request.refusal(status, seconds)).await.is_ok(),
        Ok(Network::LosesAnswers) => {
            request.forward(shared.upstream).await;
            false
        }
        Ok(Network::Trickles) => {
            let answer = request.forward(shared.upstream).await;
            let (last, bytes) = answer.split_last().expect("the collector answers");
            for byte in bytes {
                if client.write_all(&[*byte]).await.is_err() || client.flush().await.is_err() {
                    return false;
                }
            }
            let changed = network.wait_for(|network| *network != Network::Trickles).await.is_ok();
            changed && client.write_all(&[*last]).await.is_ok()
        }
        _ => client.write_all(&request.forward(shared.upstream).await).await.is_ok(),
    }
}

struct Request {
    /// The first line and the headers, without the empty line.
    head: String,
    body: Vec<u8>,
}

impl Request {
    async fn read(client: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            if client.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let mut request =
            Self { head: String::from_utf8(bytes[..end].to_vec()).ok()?, body: bytes[end + 4..].to_vec() };
        let length = request.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        while request.body.len() < length {
            if client.read_buf(&mut request.body).await.ok()? == 0 {
                return None;
            }
        }
        Some(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    fn is_submission(&self) -> bool {
        self.head.starts_with("POST ") && self.head.lines().next().is_some_and(|line| line.contains("/feedback "))
    }

    /// The collector's whole answer, which ends with its connection.
    async fn forward(&self, upstream: SocketAddr) -> Vec<u8> {
        let kept = self.head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        let head: String = kept.map(|line| format!("{line}\r\n")).collect();
        let mut answer = Vec::new();
        let mut server = TcpStream::connect(upstream).await.expect("the collector listens");
        server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.expect("it takes the head");
        server.write_all(&self.body).await.expect("it takes the body");
        server.read_to_end(&mut answer).await.expect("it answers");
        answer
    }

    /// The answer of a busy collector.
    fn refusal(&self, status: u16, seconds: u32) -> Vec<u8> {
        let origin = self.header("origin").unwrap_or("*");
        let body =
            format!(r#"{{"type":"/problems/busy","title":"Busy","status":{status},"detail":"Come back later."}}"#);
        format!(
            "HTTP/1.1 {status} Busy\r\nAccess-Control-Allow-Origin: {origin}\r\nAccess-Control-Expose-Headers: Retry-After\r\n\
             Retry-After: {seconds}\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}
