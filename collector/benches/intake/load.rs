//! The load: connections that each submit, wait for the answer, and submit again. Plain HTTP/1.1 by hand, since whatever the
//! generator spends is taken from the collector on the same cores.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How to load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Connections at the same time.
    pub connections: usize,
    /// For how long.
    pub duration: Duration,
    /// The pace of all connections together; as fast as they can when there is none.
    pub per_second: Option<f64>,
}

/// What was measured: the latency of each 201.
#[derive(Debug)]
pub struct Measured {
    sorted: Vec<Duration>,
    took: Duration,
}

impl Measured {
    /// How many were answered with 201.
    pub fn answered(&self) -> i64 {
        i64::try_from(self.sorted.len()).unwrap_or(i64::MAX)
    }

    /// How many were answered in a second.
    pub fn per_second(&self) -> f64 {
        self.sorted.len() as f64 / self.took.as_secs_f64()
    }

    /// A percentile of the latency in milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let at = ((self.sorted.len() as f64 * share) as usize).min(self.sorted.len().saturating_sub(1));
        self.sorted.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
    }
}

impl Load {
    /// Runs it against a collector with the site `acme`.
    pub async fn run(self, address: SocketAddr) -> anyhow::Result<Measured> {
        let started = Instant::now();
        let until = started + self.duration;
        let pause = self.per_second.map(|rate| Duration::from_secs_f64(self.connections as f64 / rate));
        // Customers do not press the button all at once, so the connections take turns.
        let pace = |number: usize| {
            pause.map(|pause| {
                let first = started + pause.mul_f64(number as f64 / self.connections as f64);
                tokio::time::interval_at(first.into(), pause)
            })
        };
        let connections: Vec<_> =
            (0..self.connections).map(|number| tokio::spawn(submit_until(address, until, pace(number)))).collect();
        let mut sorted = Vec::new();
        for connection in connections {
            sorted.extend(connection.await??);
        }
        let took = started.elapsed();
        sorted.sort_unstable();
        ensure!(!sorted.is_empty(), "nothing was answered");
        Ok(Measured { sorted, took })
    }
}

async fn submit_until(
    address: SocketAddr,
    until: Instant,
    mut ticks: Option<tokio::time::Interval>,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut latencies = Vec::new();
    let mut answer = Vec::with_capacity(2_048);
    while Instant::now() < until {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        let key = uuid::Uuid::new_v4();
        let body = body(&key);
        let request = format!(
            "POST /api/v1/sites/acme/feedback HTTP/1.1\r\nhost: {address}\r\norigin: https://shop.example\r\nidempotency-key: {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let status = read_answer(&mut stream, &mut answer).await?;
        ensure!(status == 201, "answered with {status}: {}", String::from_utf8_lossy(&answer));
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// A complaint of about 500 bytes, as the widget sends it.
fn body(key: &uuid::Uuid) -> String {
    format!(
        r#"{{"kind":"complaint","message":"送货迟到了三天，没有人联系我。客服电话一直占线，最后说改到下周三。{key}","rating":2,"desired_outcome":"退还配送费","reference":"{key}","contact":{{"name":"李雷","email":"li.lei@example.com"}},"locale":"zh-CN","page":{{"url":"https://shop.example/orders/1","title":"我的订单"}}}}"#
    )
}

/// Reads one answer with a `Content-Length`; gives its status and leaves head and body in `buffer`.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<u16> {
    buffer.clear();
    let mut end = None;
    loop {
        ensure!(stream.read_buf(buffer).await? > 0, "the collector hung up");
        if end.is_none()
            && let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).context("no length")?;
            end = Some(head + 4 + length.trim().parse::<usize>()?);
        }
        if end.is_some_and(|end| buffer.len() >= end) {
            let status = buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
            return Ok(status.context("no status")?.parse()?);
        }
    }
}
