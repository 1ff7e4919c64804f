//! Access tokens for mail servers that take no passwords: got from where the settings say, and kept until they end.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use reqwest::header::ACCEPT;
use reqwest::{Client, Response};
use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::config::{OAuth, TokenOrigin};

/// How long it may take to get a token.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a token is used whose end is not known: commands keep theirs themselves.
const USED_FOR: Duration = Duration::from_secs(5 * 60);
/// A token that is said to last longer is got anew after this.
const KEPT_AT_MOST: Duration = Duration::from_secs(24 * 60 * 60);
/// How long before its end a token is used no more: clocks differ, and a sign-in takes its time.
const MARGIN: Duration = Duration::from_secs(60);
/// Longer answers are not read.
const ANSWER_MAX: usize = 64 * 1024;
/// The longest reason of a provider that is repeated, in characters.
const REASON_MAX: usize = 160;

/// Gets access tokens, and keeps the last one for as long as it holds.
pub struct AccessTokens {
    origin: TokenOrigin,
    client: Client,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<(String, Instant)>,
    /// The refresh token that the provider gave last, if it gives new ones.
    refresh_token: Option<String>,
}

/// What a token endpoint answers (RFC 6749, section 5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
}

/// What it answers instead (section 5.2).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

// Neither a token nor what it is got by may reach a log.
impl std::fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessTokens(…)")
    }
}

impl AccessTokens {
    /// Those from an origin.
    pub fn open(origin: &TokenOrigin) -> anyhow::Result<Self> {
        crate::install_crypto();
        let client = Client::builder()
            .user_agent(concat!("Sayso/", env!("CARGO_PKG_VERSION")))
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { origin: origin.clone(), client, kept: Mutex::default() })
    }

    /// A token that holds. Whoever else wants one meanwhile waits for the same.
    pub async fn get(&self) -> anyhow::Result<String> {
        let mut kept = self.kept.lock().await;
        if let Some((token, until)) = &kept.token
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let (token, lasts) = match &self.origin {
            TokenOrigin::Command(command) => (run(command).await?, USED_FOR),
            TokenOrigin::Provider(provider) => {
                let granted = self.ask(provider, kept.refresh_token.as_deref()).await?;
                if let Some(new) = granted.refresh_token {
                    let known = kept.refresh_token.as_deref().or(provider.refresh_token.reveal());
                    if known != Some(new.as_str()) {
                        tracing::warn!(
                            "the provider of access tokens gives new refresh tokens: the one of the settings may end, so that a restart \
                            needs another; let the client itself use the mailbox, or use token_command"
                        );
                        kept.refresh_token = Some(new);
                    }
                }
                let lasts = granted.expires_in.map_or(USED_FOR, Duration::from_secs).min(KEPT_AT_MOST);
                (granted.access_token, lasts.saturating_sub(MARGIN))
            }
        };
        let token = token.trim();
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        ensure!(is_token, "what came as a token is none");
        kept.token = Some((token.to_owned(), Instant::now() + lasts));
        Ok(token.to_owned())
    }

    /// Forgets a token that a server refused.
    pub async fn forget(&self, refused: &str) {
        let mut kept = self.kept.lock().await;
        if kept.token.as_ref().is_some_and(|(token, _)| token == refused) {
            kept.token = None;
        }
    }

    async fn ask(&self, provider: &OAuth, newer: Option<&str>) -> anyhow::Result<Granted> {
        let mut form = vec![("client_id", provider.client_id.as_str())];
        match newer.or(provider.refresh_token.reveal()) {
            Some(token) => form.extend([("grant_type", "refresh_token"), ("refresh_token", token)]),
            None => form.push(("grant_type", "client_credentials")),
        }
        form.extend(provider.client_secret.reveal().map(|secret| ("client_secret", secret)));
        form.extend((!provider.scope.is_empty()).then_some(("scope", provider.scope.as_str())));
        let sent = self.client.post(&provider.token_url).header(ACCEPT, "application/json").form(&form).send().await;
        let response = sent.map_err(|_| anyhow!("the provider of access tokens can't be reached"))?;
        let status = response.status();
        let body = body(response).await.context("the provider of access tokens broke off its answer")?;
        if !status.is_success() {
            let refused: Refused = serde_json::from_slice(&body).unwrap_or_default();
            tracing::warn!(
                status = status.as_u16(),
                error = reason(&refused.error),
                description = reason(&refused.error_description),
                "the provider of access tokens refuses"
            );
            bail!("the provider of access tokens refuses ({} {})", status.as_u16(), reason(&refused.error));
        }
        serde_json::from_slice(&body).map_err(|_| anyhow!("the provider of access tokens gave none"))
    }
}

/// What a command prints: a token of an hour or so, which other programs renew.
async fn run(command: &str) -> anyhow::Result<String> {
    let mut child = Command::new("sh");
    child.args(["-c", command]).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, child.output()).await;
    let output = output.context("token_command did not end in time")?.context("token_command can't be run")?;
    ensure!(output.status.success(), "token_command ended with {}", output.status);
    let token = String::from_utf8(output.stdout).ok().filter(|token| !token.trim().is_empty());
    token.context("token_command printed no token")
}

async fn body(mut response: Response) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        ensure!(body.len() + chunk.len() <= ANSWER_MAX, "it is too long");
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What a provider says of its reason, on one line of a log.
fn reason(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_MAX).collect()
}
