//! The requests of one connection and their answers.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sayso_shared::limits::BODY_MAX_BYTES;
use tokio::net::TcpStream;
use tower::Service as _;

use super::activity::{AbortReason, Activity, Order, Stage, Waits};
use super::stream::WatchedStream;
use crate::http::{Error, hosts};

/// A request's line and headers may have this many bytes, else it is answered with 431.
const HEAD_MAX: usize = 16 * 1024;
/// The largest buffer for reading, which a large body in good supply grows to.
const BUFFER_MAX: usize = 32 * 1024;

/// Bytes of bodies that may be in memory while they are received, of all connections together. What a body has beyond the limit of the
/// API goes to a file or is refused, so it does not count.
pub(super) const MOST_OF_BODIES: usize = 32 * 1024 * 1024;
/// Bodies up to this size are refused last: hardly any feedback is larger.
pub(super) const SMALL_BODY: usize = 16 * 1024;

/// How a turn of a connection ended.
enum Turn<C> {
    /// For good.
    Over(Result<(), hyper::Error>),
    /// The keeper ended it.
    Closed,
    /// Nothing is under way, so the buffers can go.
    Park(C),
}

/// Answers requests until either side ends the connection.
pub async fn run(
    mut socket: TcpStream,
    peer: SocketAddr,
    routes: Router,
    activity: Arc<Activity>,
) -> Result<(), hyper::Error> {
    let mut http = http1::Builder::new();
    // The keeper watches the time. A client may close its side after its request and still wants the answer.
    http.header_read_timeout(None).half_close(true).max_header_size(HEAD_MAX).max_buf_size(BUFFER_MAX);
    let watched = Arc::clone(&activity);
    let mut service = service_fn(move |request| handle(request, peer, routes.clone(), Arc::clone(&watched)));
    let mut first = Bytes::new();
    loop {
        if first.is_empty() && !wait_for_bytes(&socket, &activity).await {
            return Ok(());
        }
        let stream = TokioIo::new(WatchedStream::new(socket, first, Arc::clone(&activity)));
        // In a box, so that a parked connection is as small as it can be.
        let mut connection = Some(Box::new(http.serve_connection(stream, service)));
        let turn = poll_fn(|cx| {
            let Some(open) = connection.as_mut() else { return Poll::Ready(Turn::Closed) };
            let orders = activity.take_orders(cx.waker());
            if orders.has(Order::Close) {
                return Poll::Ready(Turn::Closed);
            }
            if orders.has(Order::Stop) {
                Pin::new(&mut **open).graceful_shutdown();
            } else if orders.has(Order::Park) && activity.stage().0 == Stage::Idle {
                return Poll::Ready(connection.take().map_or(Turn::Closed, Turn::Park));
            }
            Pin::new(&mut **open).poll(cx).map(Turn::Over)
        });
        match turn.await {
            Turn::Over(result) => return result,
            Turn::Closed => return Ok(()),
            Turn::Park(parked) => {
                let parts = parked.into_parts();
                let (stream, rest) = parts.io.into_inner().into_parts();
                socket = stream;
                service = parts.service;
                // The beginning of a next request may have come with the last one.
                first = if parts.read_buf.is_empty() { rest } else { parts.read_buf };
            }
        }
    }
}

/// Waits, without any buffer, until there is something to read; says no if the connection is to end instead.
async fn wait_for_bytes(socket: &TcpStream, activity: &Activity) -> bool {
    if activity.stage().0 != Stage::Parked {
        activity.enter(Stage::Parked);
    }
    let readable = poll_fn(|cx| {
        let orders = activity.take_orders(cx.waker());
        if orders.has(Order::Close) || orders.has(Order::Stop) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        socket.poll_read_ready(cx)
    });
    readable.await.is_ok()
}

async fn handle(
    request: Request<Incoming>,
    peer: SocketAddr,
    mut routes: Router,
    activity: Arc<Activity>,
) -> Result<Response<AnswerBody>, Infallible> {
    activity.begin();
    let head = match activity.take_bare_line_ends() {
        true => Err(Error::Malformed("lines of a request end with CR LF".to_owned())),
        false => hosts::check(request.version(), request.headers()),
    };
    if let Err(refusal) = head {
        // Whoever reads requests otherwise than we do gets no second one in.
        let mut response = refusal.into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return Ok(response.map(|body| AnswerBody { body, activity }));
    }
    let has_body = !request.body().is_end_stream();
    let mut request = request.map(|body| match has_body {
        true => Body::new(RequestBody { body, activity: Arc::clone(&activity), is_over: false, held: 0 }),
        false => Body::empty(),
    });
    request.extensions_mut().insert(ConnectInfo(peer));
    if has_body {
        request.extensions_mut().insert(Arc::clone(&activity));
    }
    let response = routes.call(request).await?;
    Ok(response.map(|body| AnswerBody { body, activity }))
}

/// The body of a request, which fails when the keeper gives it up.
struct RequestBody {
    body: Incoming,
    activity: Arc<Activity>,
    is_over: bool,
    /// Bytes of it that are counted as being in memory.
    held: usize,
}

impl RequestBody {
    /// Counts a piece of the body as long as it may be in memory, and refuses it where there are too many of them: large ones first.
    fn hold(&mut self, bytes: usize) -> Result<(), axum::Error> {
        let counted = bytes.min(BODY_MAX_BYTES - self.held);
        self.held += counted;
        let all = self.activity.hold(counted);
        if all > MOST_OF_BODIES && (self.held > SMALL_BODY || all > 2 * MOST_OF_BODIES) {
            self.activity.abort_body(AbortReason::Crowded);
            return Err(aborted());
        }
        Ok(())
    }
}

fn aborted() -> axum::Error {
    axum::Error::new(io::Error::from(io::ErrorKind::TimedOut))
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.activity.abort_reason().is_some() {
            return Poll::Ready(Some(Err(aborted())));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.activity.set_waits_for_body(if frame.is_pending() { Waits::Yes } else { Waits::No });
        let frame = ready!(frame);
        self.is_over = frame.is_none() || self.body.is_end_stream();
        if let Some(Ok(piece)) = &frame
            && let Some(data) = piece.data_ref()
        {
            self.hold(data.len())?;
        }
        Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.activity.set_waits_for_body(Waits::No);
        self.activity.release(self.held);
        if !self.is_over && !self.body.is_end_stream() {
            self.activity.leave_unread();
        }
    }
}

/// The body of an answer; when it is gone, the connection is idle.
struct AnswerBody {
    body: Body,
    activity: Arc<Activity>,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.activity.enter(Stage::Idle);
    }
}
