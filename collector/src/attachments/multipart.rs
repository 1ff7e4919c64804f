//! `multipart/form-data`, part by part, with a limit on everything that is read ahead.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use futures_util::{Stream, StreamExt};

use crate::http::{Error, Result};

/// What may be read before a part, or a piece of one, is complete. Headers are short; browsers send pieces of up to 64 KiB.
const AHEAD_MAX: usize = 512 * 1024;
/// A sender that is silent for so long has gone.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// What is still taken from a sender that was answered before it had sent everything, so that it gets to reading the answer.
const LINGER_MAX: usize = 256 * 1024 * 1024;
const LINGER: Duration = Duration::from_secs(60);

/// A body that comes in parts.
#[derive(Debug)]
pub struct Parts {
    multipart: Multipart,
    source: Source,
}

/// One part.
#[derive(Debug)]
pub struct Part<'a> {
    field: Field<'a>,
    source: Source,
}

/// The body itself. It stays at hand beside the reader of its parts, which may give up before its end.
#[derive(Clone, Debug)]
pub struct Source(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    stream: BodyDataStream,
    allowance: usize,
}

impl Parts {
    /// Begins to read.
    pub async fn of(request: Request) -> Result<Self> {
        let (head, body) = request.into_parts();
        let source = Source::new(body);
        let mut request = Request::from_parts(head, Body::from_stream(source.clone()));
        // Files are larger than every other body; the sizes are counted where they are known.
        DefaultBodyLimit::disable().apply(&mut request);
        let multipart = Multipart::from_request(request, &()).await;
        let multipart = multipart.map_err(|_| Error::UnsupportedMediaType("multipart/form-data"))?;
        Ok(Self { multipart, source })
    }

    /// The next part; none at the end.
    pub async fn next(&mut self) -> Result<Option<Part<'_>>> {
        self.source.allow();
        let field = in_time(self.multipart.next_field()).await?;
        Ok(field.map(|field| Part { field, source: self.source.clone() }))
    }

    /// Lets the sender finish in the background, while it is being answered.
    pub fn linger(self) {
        self.source.linger();
    }
}

impl Part<'_> {
    /// The name of the form's field.
    pub fn name(&self) -> String {
        self.field.name().unwrap_or_default().to_owned()
    }

    /// The name of the file, with what browsers escape in it (WHATWG HTML, multipart form data).
    pub fn file_name(&self) -> String {
        let name = self.field.file_name().unwrap_or_default();
        name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
    }

    /// The next piece of the content; none at its end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>> {
        self.source.allow();
        in_time(self.field.chunk()).await
    }

    /// The whole content of a part that is no file, if it is not longer than `max`.
    pub async fn text(self, max: usize) -> Result<String> {
        String::from_utf8(self.whole(max).await?).map_err(|_| Error::Malformed("the form is not UTF-8".into()))
    }

    /// The whole content, if it is not longer than `max`.
    pub async fn whole(mut self, max: usize) -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece().await? {
            if whole.len() + piece.len() > max {
                return Err(Error::TooLarge(max));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}

impl Source {
    /// A body that is read piece by piece.
    pub fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(Inner { stream: body.into_data_stream(), allowance: AHEAD_MAX })))
    }

    /// The next piece of the body; none at its end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>> {
        self.allow();
        let piece = tokio::time::timeout(SILENCE_MAX, self.next()).await;
        match piece {
            Ok(Some(Err(_))) | Err(_) => Err(ended_early()),
            Ok(piece) => Ok(piece.and_then(std::result::Result::ok)),
        }
    }

    /// The whole body, of up to `most` bytes.
    pub async fn whole(mut self, most: usize) -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece().await? {
            if whole.len() + piece.len() > most {
                self.linger();
                return Err(Error::TooLarge(most));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// Takes what is still coming in the background, while the sender is being answered. Many senders read no answer before they have
    /// sent everything, and would take a closed connection for a failure of the network.
    pub fn linger(mut self) {
        tokio::spawn(async move {
            let rest = async {
                let mut taken = 0;
                while let Ok(Some(piece)) = self.piece().await {
                    taken += piece.len();
                    if taken > LINGER_MAX {
                        break;
                    }
                }
            };
            // It is the sender's loss if it goes on for longer.
            let _ = tokio::time::timeout(LINGER, rest).await;
        });
    }

    fn allow(&self) {
        self.lock().allowance = AHEAD_MAX;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // What it guards is whole after every statement, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Source {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut inner = self.lock();
        if inner.allowance == 0 {
            return Poll::Ready(Some(Err(axum::Error::new("a part has no end to its head"))));
        }
        let polled = inner.stream.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(piece))) = &polled {
            inner.allowance = inner.allowance.saturating_sub(piece.len());
        }
        polled
    }
}

async fn in_time<T>(reading: impl Future<Output = Result<T, MultipartError>>) -> Result<T> {
    match tokio::time::timeout(SILENCE_MAX, reading).await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(_)) | Err(_) => Err(ended_early()),
    }
}

fn ended_early() -> Error {
    Error::Malformed("the body ended too early, or is not as its media type says".into())
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use proptest::prelude::*;
    use tokio::runtime::Builder;

    use super::*;

    /// Name, file name and content of each part of a body that arrives in pieces of `piece` bytes.
    fn read(body: &[u8], piece: usize) -> Result<Vec<(String, String, Vec<u8>)>> {
        let pieces: Vec<_> = body.chunks(piece).map(|piece| Ok::<_, Error>(Bytes::copy_from_slice(piece))).collect();
        let request = Request::builder().header(header::CONTENT_TYPE, "multipart/form-data; boundary=X");
        let request = request.body(Body::from_stream(futures_util::stream::iter(pieces))).expect("a request");
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let mut parts = Parts::of(request).await?;
            let mut read = Vec::new();
            while let Some(mut part) = parts.next().await? {
                let (name, file_name, mut content) = (part.name(), part.file_name(), Vec::new());
                while let Some(piece) = part.piece().await? {
                    content.extend_from_slice(&piece);
                }
                read.push((name, file_name, content));
            }
            Ok(read)
        })
    }

    fn body(parts: &[(&str, &str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, file_name, content) in parts {
            let head =
                format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\r\n");
            body.extend([head.as_bytes(), content, b"\r\n"].concat());
        }
        [&body[..], b"--X--\r\n"].concat()
    }

    #[test]
    fn names_are_read_as_browsers_write_them() {
        let parts = read(&body(&[("file", "发票 %221%22.pdf", b"%PDF")]), 7).expect("it is well formed");
        assert_eq!(parts, [("file".to_owned(), "发票 \"1\".pdf".to_owned(), b"%PDF".to_vec())]);
    }

    #[test]
    fn a_head_without_an_end_is_refused_long_before_the_body_ends() {
        let endless = [&b"--X\r\nContent-Disposition: "[..], &vec![b'a'; 3 * AHEAD_MAX]].concat();
        assert!(matches!(read(&endless, 16 * 1024), Err(Error::Malformed(_))));
        assert!(
            matches!(read(&vec![b'a'; 3 * AHEAD_MAX], 16 * 1024), Err(Error::Malformed(_))),
            "no part begins at all"
        );
    }

    proptest! {
        #[test]
        fn content_arrives_as_it_was_sent(content: Vec<u8>, piece in 1_usize..64) {
            prop_assume!(!content.windows(4).any(|window| window == b"--X\r" || window == b"\r\n--"));
            let parts = read(&body(&[("a", "", &content), ("b", "c", b"d")]), piece).expect("it is well formed");
            prop_assert_eq!(&parts[0].2, &content);
            prop_assert_eq!(&parts[1], &("b".to_owned(), "c".to_owned(), b"d".to_vec()));
        }

        #[test]
        fn never_panics(rest: Vec<u8>, piece in 1_usize..64) {
            let _ = read(&[b"--X\r\nContent-Disposition: form-data; name=", &rest[..]].concat(), piece);
        }
    }
}
