//! Connections that do what no honest client does.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far longer than any answer takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection over which a test sends bytes as it likes.
#[derive(Debug)]
pub struct RawClient(TcpStream);

impl RawClient {
    /// Connects to the server of a URL such as `http://127.0.0.1:8787`.
    pub async fn connect(url: &str) -> Self {
        Self(TcpStream::connect(url.trim_start_matches("http://")).await.expect("it listens"))
    }

    /// Sends bytes; says whether the server still takes them.
    pub async fn send(&mut self, bytes: &str) -> bool {
        self.0.write_all(bytes.as_bytes()).await.is_ok()
    }

    /// Sends the head and the body of a request.
    pub async fn request(&mut self, head: &str, body: &str) -> bool {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.send(&format!("{head}\r\nHost: collector\r\n{length}\r\n{body}")).await
    }

    /// Says that nothing more will come, and goes on listening.
    pub async fn close_half(&mut self) {
        self.0.shutdown().await.expect("it is open");
    }

    /// Breaks off with a reset.
    pub fn reset(self) {
        self.0.set_zero_linger().expect("a socket takes it");
    }

    /// Reads until the text holds `end`, or until the server closes.
    pub async fn read_until(&mut self, end: &str) -> String {
        let mut all = Vec::new();
        let mut buffer = vec![0; 4096];
        loop {
            let text = String::from_utf8_lossy(&all);
            if !end.is_empty() && text.contains(end) {
                return text.into_owned();
            }
            let read =
                tokio::time::timeout(PATIENCE, self.0.read(&mut buffer)).await.expect("an answer or an end in time");
            match read {
                Ok(read @ 1..) => all.extend_from_slice(&buffer[..read]),
                // A reset is an end too.
                Ok(0) | Err(_) => return String::from_utf8_lossy(&all).into_owned(),
            }
        }
    }

    /// Reads until the server closes.
    pub async fn read_to_end(&mut self) -> String {
        self.read_until("").await
    }
}
