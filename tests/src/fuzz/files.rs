//! Files: the body that brings them, what they are by their content, and what is left of them after cleaning.

use std::convert::Infallible;
use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header;
use sayso::attachments::clean::clean;
use sayso::attachments::multipart::Parts;
use sayso::attachments::name::{FileName, content_disposition};
use sayso::attachments::sniff::sniff;
use sayso::http::Result;
use sayso_shared::limits::FILE_NAME_MAX;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));

/// A multipart body with the boundary `X`. The first byte says in which pieces it arrives.
pub fn multipart(bytes: &[u8]) {
    let Some((size, body)) = bytes.split_first() else { return };
    let pieces = body.chunks(usize::from(*size) + 1).map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)));
    let stream = futures_util::stream::iter(pieces.collect::<Vec<_>>());
    let request = Request::builder().header(header::CONTENT_TYPE, "multipart/form-data; boundary=X");
    let request = request.body(Body::from_stream(stream)).expect("a request");
    match RUNTIME.block_on(read(request)) {
        Ok(read) => assert!(read <= body.len(), "more was read than was sent"),
        Err(error) => assert!(error.status().0.is_client_error(), "{error}"),
    }
}

/// How many bytes the parts hold.
async fn read(request: Request) -> Result<usize> {
    let mut parts = Parts::of(request).await?;
    let mut all = 0;
    while let Some(mut part) = parts.next().await? {
        let _name = (part.name(), part.file_name());
        while let Some(piece) = part.piece().await? {
            all += piece.len();
        }
    }
    Ok(all)
}

/// A file, whose bytes are also taken for its name.
pub fn file(bytes: &[u8]) {
    let Ok(media_type) = sniff(bytes) else { return };
    let name = FileName::new(&String::from_utf8_lossy(bytes), media_type);
    let name = name.as_str();
    assert!((1..=FILE_NAME_MAX).contains(&name.chars().count()), "{name}");
    assert!(!name.contains(|c: char| c.is_control() || matches!(c, '/' | '\\')), "{name}");
    let header = content_disposition(name);
    assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{header}");

    let Ok(cleaned) = clean(media_type, Bytes::copy_from_slice(bytes)) else { return };
    let cleaned = Bytes::from(cleaned);
    let again = sniff(&cleaned).expect("a clean file is a file");
    assert_eq!(again.name, media_type.name, "cleaning does not make it something else");
    let twice = clean(again, cleaned.clone()).expect("a clean file is no damaged one");
    assert!(Bytes::from(twice) == cleaned, "nothing is left to clean");
}
