//! Files that are part of the binary: named by their content, compressed when it was built, kept by browsers for good.

use std::io::Read as _;
use std::sync::{LazyLock, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;

use crate::http::{Error, Result};

/// Our mark, to be put inline so that it takes the text's colour.
pub const MARK: &str = include_str!("../assets/mark.svg");

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A file of the binary, which holds it compressed only: every browser takes it like that.
struct Asset {
    name: &'static str,
    url: &'static str,
    brotli: &'static [u8],
    gzip: &'static [u8],
    unpacked: OnceLock<Bytes>,
}

impl Asset {
    fn new(name: &'static str, url: &'static str, brotli: &'static [u8], gzip: &'static [u8]) -> Self {
        Self { name, url, brotli, gzip, unpacked: OnceLock::new() }
    }

    /// What it says, unpacked when it is first asked for.
    fn plain(&self) -> Bytes {
        let unpack = || {
            let mut plain = Vec::new();
            GzDecoder::new(self.gzip).read_to_end(&mut plain).expect("the build compressed it");
            plain.into()
        };
        self.unpacked.get_or_init(unpack).clone()
    }
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| include!(concat!(env!("OUT_DIR"), "/assets.rs")));

/// `/sayso.js` and `/assets/…`, usable from every web page.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/sayso.js", get(loader))
        .route("/assets/{name}", get(asset))
        .route("/favicon.ico", get(favicon))
}

/// The address of one of our files, such as `base.css`, by its path below `collector/assets` or `shared/styles`.
pub fn url(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or_else(
        || {
            debug_assert!(false, "there is no asset {name}");
            ""
        },
        |asset| asset.url,
    )
}

/// The loader under a name that changes with its content, and that content; none if this was built without the widget.
pub fn pinned_loader() -> Option<(&'static str, Bytes)> {
    let asset = ASSETS.iter().find(|asset| asset.name == "pinned-sayso.js")?;
    Some((asset.url, asset.plain()))
}

/// The addresses of the scripts that the widget fetches later, and what is in them.
pub fn widget_modules() -> Vec<(&'static str, Bytes)> {
    let is_module =
        |asset: &&Asset| asset.url.strip_prefix("/assets/") == Some(asset.name) && asset.name.ends_with(".js");
    ASSETS.iter().filter(is_module).map(|asset| (asset.url, asset.plain())).collect()
}

/// The addresses of the style sheets that a page of `audience` (`customer` or `console`) needs, in their order.
pub fn styles(audience: &str) -> Vec<&'static str> {
    let mut names = vec!["tokens.css", "base.css", "forms.css", "conversation.css"];
    names.extend(match audience {
        "console" => ["console.css", "cases.css", "desk.css", "insight.css"].as_slice(),
        _ => ["customer.css", "insight.css"].as_slice(),
    });
    names.into_iter().map(url).collect()
}

async fn loader(headers: HeaderMap) -> Result<Response> {
    let asset = ASSETS.iter().find(|asset| asset.url == "/sayso.js");
    let asset = asset.ok_or(Error::NotFound("this collector was built without its widget"))?;
    // Short, since the loader's name never changes and it must point to the files of the newest version.
    Ok(serve(asset, &headers, "public, max-age=300"))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response> {
    let file = |asset: &Asset| asset.url.strip_prefix("/assets/");
    let Some(asset) = ASSETS.iter().find(|asset| file(asset) == Some(&name)) else {
        // A page that was loaded before an upgrade asks for what was there then; it gets what takes its place.
        let plain = without_hash(&name);
        let successor = ASSETS.iter().find(|asset| file(asset).is_some_and(|file| without_hash(file) == plain));
        let successor = successor.filter(|_| plain != name).ok_or(Error::NotFound("there is no such file"))?;
        let headers = [
            (header::LOCATION, successor.url),
            (header::CACHE_CONTROL, "no-store"),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
        ];
        return Ok((StatusCode::FOUND, headers).into_response());
    };
    Ok(serve(asset, &headers, "public, max-age=31536000, immutable"))
}

/// The name of a file without the hash in it, wherever that stands.
fn without_hash(name: &str) -> String {
    let is_hash = |part: &str| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let parts: Vec<&str> = stem.split('-').filter(|part| !is_hash(part)).collect();
    format!("{}.{ending}", parts.join("-"))
}

async fn favicon() -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, url("favicon.svg"))]).into_response()
}

fn serve(asset: &'static Asset, request: &HeaderMap, cache: &'static str) -> Response {
    let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts = |coding: &str| {
        accepted.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let named = parts.next() == Some(coding);
            named && !parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    let (body, coding) = match () {
        () if accepts("br") => (Bytes::from_static(asset.brotli), Some("br")),
        () if accepts("gzip") => (Bytes::from_static(asset.gzip), Some("gzip")),
        () => (asset.plain(), None),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(asset.url)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn media_type(url: &str) -> &'static str {
    match url.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}
