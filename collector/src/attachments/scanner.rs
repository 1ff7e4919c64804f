//! A virus scanner beside the collector: clamd, which takes a file as a stream (`INSTREAM`, see clamd(8)) and says what it is.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use axum::body::Bytes;
use clamav_client::tokio::{Socket, Tcp, scan_buffer};

use super::UploadError;
use crate::config;
use crate::http::Error;

/// A scanner that takes longer has other troubles.
const PATIENCE: Duration = Duration::from_secs(60);
/// So much is sent at once.
const CHUNK: usize = 64 * 1024;

/// Where the scanner listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanner {
    /// At a host and a port.
    Tcp(String),
    /// At a socket of this machine.
    Unix(PathBuf),
}

impl Scanner {
    /// By the settings; none where there is none.
    pub fn open(settings: &config::Attachments) -> anyhow::Result<Option<Self>> {
        Ok(match settings.scanner.split_once(':') {
            None if settings.scanner.is_empty() => None,
            Some(("unix", path)) if path.starts_with('/') => Some(Self::Unix(path.into())),
            Some(("tcp", address)) if address.trim_start_matches('/').contains(':') => {
                Some(Self::Tcp(address.trim_start_matches('/').to_owned()))
            }
            _ => {
                bail!("[attachments] scanner must be like tcp://127.0.0.1:3310 or unix:/run/clamav/clamd.ctl, or empty")
            }
        })
    }

    /// Refuses a file that the scanner knows as harmful. A scanner that does not answer lets nothing in.
    pub async fn scan(&self, content: &Bytes) -> Result<(), UploadError> {
        let answer = async {
            match self {
                Self::Tcp(host_address) => {
                    scan_buffer(content, Tcp { host_address: host_address.as_str() }, Some(CHUNK)).await
                }
                Self::Unix(path) => scan_buffer(content, Socket { socket_path: path.as_path() }, Some(CHUNK)).await,
            }
        };
        let unavailable = Error::Unavailable { retry_after: 30 };
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => match Verdict::read(&answer) {
                Verdict::Clean => Ok(()),
                Verdict::Harmful => {
                    tracing::info!(security = "uploads.harmful", "the virus scanner refused a file");
                    Err(UploadError::Harmful)
                }
                Verdict::Unknown => {
                    tracing::error!("the virus scanner could not scan a file");
                    Err(unavailable.into())
                }
            },
            Ok(Err(error)) => {
                tracing::error!(%error, "the virus scanner can't be reached");
                Err(unavailable.into())
            }
            Err(_) => {
                tracing::error!("the virus scanner does not answer");
                Err(unavailable.into())
            }
        }
    }
}

/// What the scanner said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Clean,
    Harmful,
    Unknown,
}

impl Verdict {
    /// `stream: OK`, `stream: Eicar-Signature FOUND`, or what went wrong.
    fn read(answer: &[u8]) -> Self {
        let answer = String::from_utf8_lossy(answer);
        match answer.trim_end_matches(['\0', '\r', '\n']).rsplit(' ').next() {
            Some("OK") => Self::Clean,
            Some("FOUND") => Self::Harmful,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn it_is_named_by_host_and_port_or_by_a_path_and_only_a_clear_answer_lets_a_file_in() {
        let mut settings = config::Config::for_data(Path::new("/tmp/x")).expect("the defaults hold").attachments;
        let mut open = |text: &str| {
            settings.scanner = text.into();
            Scanner::open(&settings).ok()
        };
        assert_eq!(open(""), Some(None));
        assert_eq!(open("tcp://127.0.0.1:3310"), Some(Some(Scanner::Tcp("127.0.0.1:3310".into()))));
        assert_eq!(open("unix:/run/clamd.ctl"), Some(Some(Scanner::Unix("/run/clamd.ctl".into()))));
        for (answer, verdict) in [
            (&b"stream: OK\0"[..], Verdict::Clean),
            (b"stream: Eicar-Signature FOUND\0", Verdict::Harmful),
            (b"stream: OK-Signature FOUND\n", Verdict::Harmful),
            (b"INSTREAM size limit exceeded. ERROR\0", Verdict::Unknown),
            (b"", Verdict::Unknown),
        ] {
            assert_eq!(Verdict::read(answer), verdict);
        }
        for wrong in ["127.0.0.1", "unix:clamd.ctl", "tcp:", "http://127.0.0.1:3310", "clamd"] {
            assert_eq!(open(wrong), None, "{wrong}");
        }
    }
}
