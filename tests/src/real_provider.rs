//! A real provider of OpenID Connect: npm's oidc-provider, which xtask installs.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::process::lasting_port;

const CLIENT_ID: &str = "sayso-tests";
const CLIENT_SECRET: &str = "a secret of tests";

/// A provider of its own process, once it has been started.
#[derive(Debug)]
pub struct RealProvider {
    port: u16,
    child: Option<Child>,
}

impl RealProvider {
    /// One that is not started yet: the collector has to know it first.
    pub fn reserve() -> Self {
        Self { port: lasting_port(), child: None }
    }

    /// The settings by which a collector knows it, with further lines of TOML.
    pub fn settings(&self, further: &str) -> sayso::config::Oidc {
        let text = format!(
            "issuer = \"http://127.0.0.1:{}\"\nclient_id = {CLIENT_ID:?}\nclient_secret = {CLIENT_SECRET:?}\nlabel = \"Acme ID\"\n\
             scopes = [\"openid\", \"profile\", \"email\", \"groups\"]\n{further}",
            self.port
        );
        toml::from_str(&text).expect("settings of a provider")
    }

    /// Starts it for the collector at `url`, whose settings call it `name`, and waits until it answers. A missing Node.js is a failure, never a skip.
    pub async fn start(&mut self, url: &str, name: &str) {
        let folder = std::env::var_os("SAYSO_TEST_OIDC").expect("`cargo xtask test` sets it");
        let redirect = format!("{url}/staff/sign-in/with/{name}/callback");
        let mut child = Command::new("node")
            .arg(PathBuf::from(folder).join("provider.mjs"))
            .args([&self.port.to_string(), CLIENT_ID, CLIENT_SECRET, &redirect])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js runs");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        while lines.next_line().await.expect("it speaks").expect("it goes on") != "listening" {}
        self.child = Some(child);
    }
}
