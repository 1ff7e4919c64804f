//! The socket of a connection, with what goes through it counted.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::activity::{Activity, Stage, Waits};

/// A socket that notes what it does.
#[derive(Debug)]
pub struct WatchedStream {
    socket: TcpStream,
    activity: Arc<Activity>,
    /// What was read before this stream was made.
    first: Bytes,
    thrown_away: usize,
    head: HeadLines,
}

/// The line ends of a request's head. A parser that takes a bare LF for one, as ours does, may see another request than the proxy before
/// it (RFC 9112, section 2.2). A head that comes right behind another request's body is not looked at.
#[derive(Debug, Default)]
struct HeadLines {
    previous: u8,
    length: usize,
    lines: usize,
}

impl HeadLines {
    /// Reads on, to the end of the head; says whether a line ended with a bare LF.
    fn read(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            if byte != b'\n' {
                self.length += usize::from(byte != b'\r');
                self.previous = byte;
                continue;
            }
            let is_bare = self.previous != b'\r';
            let is_end = self.length == 0 && self.lines > 0;
            self.lines += usize::from(self.length > 0);
            (self.previous, self.length) = (byte, 0);
            if is_bare || is_end {
                return is_bare;
            }
        }
        false
    }
}

/// After so much a client that goes on sending is cut off: more than any body that is taken.
const THROWN_AWAY_MAX: usize = 16 * 1024 * 1024;

impl WatchedStream {
    /// Watches a socket of which `first` has been read already.
    pub fn new(socket: TcpStream, first: Bytes, activity: Arc<Activity>) -> Self {
        Self { socket, activity, first, thrown_away: 0, head: HeadLines::default() }
    }

    /// The socket and what has been read of it.
    pub fn into_parts(self) -> (TcpStream, Bytes) {
        (self.socket, self.first)
    }

    fn note_sent(&self, sent: &Poll<io::Result<usize>>) {
        match sent {
            Poll::Ready(Ok(bytes)) => {
                self.activity.sent(*bytes);
                self.activity.set_waits_to_send(Waits::No);
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.activity.set_waits_to_send(Waits::Yes),
        }
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.first.is_empty() {
            ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        } else {
            let taken = self.first.len().min(buf.remaining());
            buf.put_slice(&self.first[..taken]);
            self.first.advance(taken);
        }
        let read = buf.filled().len() - before;
        if read > 0 {
            let stage = self.activity.stage().0;
            if matches!(stage, Stage::Idle | Stage::Parked) {
                self.head = HeadLines::default();
            }
            if matches!(stage, Stage::Idle | Stage::Parked | Stage::Head) && self.head.read(&buf.filled()[before..]) {
                self.activity.note_bare_line_end();
            }
            self.activity.received(read);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.note_sent(&sent);
        sent
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.note_sent(&sent);
        sent
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    /// Says that no more answers come. A socket closed with something unread resets the connection, and the client might lose the answer
    /// to a body that was refused; so what it still sends is read and thrown away, until it stops, it is
    /// too much, or the keeper ends it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.activity.stage().0 != Stage::Ending {
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
            self.activity.enter(Stage::Ending);
        }
        if !self.activity.has_unread() {
            return Poll::Ready(Ok(()));
        }
        let mut thrown_away = [0; 8 * 1024];
        // Yields now and then, so that one client that sends without end does not hold the thread.
        for _ in 0..16 {
            let mut buf = ReadBuf::new(&mut thrown_away);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf))?;
            let read = buf.filled().len();
            self.thrown_away += read;
            if read == 0 || self.thrown_away > THROWN_AWAY_MAX {
                return Poll::Ready(Ok(()));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_bare(pieces: &[&str]) -> bool {
        let mut head = HeadLines::default();
        pieces.iter().any(|piece| head.read(piece.as_bytes()))
    }

    #[test]
    fn bare_line_ends_are_seen_in_a_head_and_not_in_a_body() {
        assert!(!is_bare(&["GET / HTTP/1.1\r\nHost: a\r\n\r\n"]));
        assert!(!is_bare(&["\r\nPOST / HTTP/1.1\r", "\nHost: a\r\n\r\none\ntwo"]));
        assert!(is_bare(&["GET / HTTP/1.1\nHost: a\r\n\r\n"]));
        assert!(is_bare(&["GET / HTTP/1.1\r\nHost: a\r\n\n"]));
        assert!(is_bare(&["GET / HTTP/1.1\r\nHost: a", "\n\r\n"]));
    }
}
