//! The logo of a site.

use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The most bytes of a picture. It is kept with the settings, in memory and in the service file.
pub const LOGO_MAX: usize = 64 * 1024;

/// Raster formats that every browser shows. Not SVG, which may have script in it.
const MEDIA_TYPES: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// A small picture that stands for a company on its pages. Written as a `data:` URL (RFC 2397), so that a service file has all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Logo(Arc<Picture>);

#[derive(Debug, PartialEq, Eq)]
struct Picture {
    media_type: &'static str,
    content: Bytes,
    version: String,
}

impl Logo {
    /// Reads a picture. Its content says what it is, whatever it is called.
    pub fn from_bytes(content: Vec<u8>) -> anyhow::Result<Self> {
        ensure!(
            content.len() <= LOGO_MAX,
            "a logo has at most {} KB, this one {}",
            LOGO_MAX / 1024,
            content.len() / 1024 + 1
        );
        let found = infer::get(&content).map(|found| found.mime_type());
        let media_type = MEDIA_TYPES.into_iter().find(|known| found == Some(known));
        let media_type = media_type.context("a logo is a picture in PNG, JPEG or WebP")?;
        let version = URL_SAFE_NO_PAD.encode(&Sha256::digest(&content)[..9]);
        Ok(Self(Arc::new(Picture { media_type, content: content.into(), version })))
    }

    /// Reads a file of this machine.
    pub fn from_file(path: &Path) -> anyhow::Result<Self> {
        let size = fs::metadata(path).with_context(|| format!("the logo {} can't be read", path.display()))?.len();
        ensure!(size <= LOGO_MAX as u64, "a logo has at most {} KB, this one {}", LOGO_MAX / 1024, size / 1024 + 1);
        Self::from_bytes(fs::read(path).with_context(|| format!("the logo {} can't be read", path.display()))?)
    }

    /// As in `Content-Type`.
    pub fn media_type(&self) -> &'static str {
        self.0.media_type
    }

    /// The picture.
    pub fn content(&self) -> Bytes {
        self.0.content.clone()
    }

    /// Another one for every other picture, for addresses that browsers keep.
    pub fn version(&self) -> &str {
        &self.0.version
    }
}

impl FromStr for Logo {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        let Some((_, encoded)) = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) else {
            bail!("a logo is the path of a file, or a URL such as data:image/png;base64,…");
        };
        ensure!(encoded.len() <= LOGO_MAX.div_ceil(3) * 4, "a logo has at most {} KB", LOGO_MAX / 1024);
        Self::from_bytes(STANDARD.decode(encoded).context("the logo is not in Base64")?)
    }
}

impl TryFrom<String> for Logo {
    type Error = anyhow::Error;

    fn try_from(url: String) -> anyhow::Result<Self> {
        url.parse()
    }
}

impl From<Logo> for String {
    fn from(logo: Logo) -> Self {
        format!("data:{};base64,{}", logo.0.media_type, STANDARD.encode(&logo.0.content))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    proptest! {
        #[test]
        fn a_logo_is_written_as_it_is_read(rest in vec(any::<u8>(), 0..500)) {
            let logo = Logo::from_bytes([PNG, &rest].concat()).unwrap();
            let written = String::from(logo.clone());
            prop_assert_eq!(written.parse::<Logo>().unwrap(), logo);
        }
    }

    #[test]
    fn what_is_no_small_picture_is_refused() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
        let large = [PNG, &vec![0; LOGO_MAX]].concat();
        for (content, said) in
            [(svg, "PNG, JPEG or WebP"), (Vec::new(), "PNG, JPEG or WebP"), (large.clone(), "at most 64 KB")]
        {
            let error = Logo::from_bytes(content).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let long = format!("data:image/png;base64,{}", STANDARD.encode(large));
        for (url, said) in [
            ("https://shop.example/logo.png", "data:image"),
            ("data:image/png;base64,%", "Base64"),
            (&long, "at most 64 KB"),
        ] {
            let error = url.parse::<Logo>().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let page = format!("data:image/png;base64,{}", STANDARD.encode("<html>"));
        assert!(page.parse::<Logo>().is_err(), "what the URL says it is does not count");
    }
}
