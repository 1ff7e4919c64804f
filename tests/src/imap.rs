//! A real IMAP server: Dovecot in a folder of its own, with one mailbox.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use sayso::config::Imap;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::eventually;
use crate::process::lasting_port;

/// Dovecot gives no mailbox to root, so mails belong to this one where the tests are run by root.
const NOBODY: u32 = 65_534;

/// The server, which ends with the test.
#[derive(Debug)]
pub struct ImapServer {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
    delivered: AtomicUsize,
}

impl ImapServer {
    /// The password of every user.
    pub const PASSWORD: &str = "secret";

    /// Starts it, with an empty mailbox.
    pub async fn start() -> Self {
        Self::start_with("", "").await
    }

    /// Starts it as one that can do no more than these (CAPABILITY).
    pub async fn start_able_to(capabilities: &str) -> Self {
        Self::start_with("", capabilities).await
    }

    /// Starts it for those who show an access token (XOAUTH2), about which it asks at `introspection_url`.
    pub async fn start_for_tokens(introspection_url: &str) -> Self {
        Self::start_with(introspection_url, "").await
    }

    async fn start_with(introspection_url: &str, capabilities: &str) -> Self {
        let folder = TempDir::new().expect("a folder for the mail server");
        open_to_all(folder.path());
        let mut server = Self { port: lasting_port(), folder, process: None, delivered: AtomicUsize::new(0) };
        for part in ["run", "state", "commands", "mail", "mail/new", "mail/cur", "mail/tmp"] {
            fs::create_dir(server.path(part)).expect("a folder");
        }
        for part in ["commands", "mail", "mail/new", "mail/cur", "mail/tmp"] {
            give(&server.path(part));
        }
        let sign_in = if introspection_url.is_empty() {
            format!("passdb {{\n driver = static\n args = password={}\n}}\n", Self::PASSWORD)
        } else {
            let about_tokens = format!(
                "introspection_mode = post\nintrospection_url = {introspection_url}\nusername_attribute = username\n\
                 active_attribute = active\nactive_value = yes\n"
            );
            fs::write(server.path("oauth2.conf"), about_tokens).expect("the settings are written");
            let args = server.path("oauth2.conf");
            format!(
                "auth_mechanisms = xoauth2\npassdb {{\n driver = oauth2\n mechanisms = xoauth2\n args = {}\n}}\n",
                args.display()
            )
        };
        let able_to = match capabilities {
            "" => String::new(),
            capabilities => format!("imap_capability = {capabilities}\n"),
        };
        fs::write(server.path("dovecot.conf"), server.settings(&sign_in) + able_to.as_str())
            .expect("the settings are written");
        server.resume().await;
        server
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("imap://127.0.0.1:{}", self.port)
    }

    /// The settings by which a site reads its mailbox.
    pub fn mailbox(&self, site: &str) -> Imap {
        mailbox(&self.url(), site)
    }

    /// Whether a reader has asked to be told of new mails (IDLE).
    pub fn is_followed(&self) -> bool {
        let Ok(sessions) = fs::read_dir(self.path("commands")) else { return false };
        let says_idle = |path: PathBuf| fs::read(path).is_ok_and(|said| said.windows(6).any(|word| word == b" IDLE\r"));
        sessions.flatten().any(|session| says_idle(session.path()))
    }

    /// Puts a mail into the mailbox, as a mail server does.
    pub fn deliver(&self, raw: &[u8]) {
        self.deliver_to("", raw);
    }

    /// Puts a mail into a folder, by the name that servers know it by.
    pub fn deliver_to(&self, folder: &str, raw: &[u8]) {
        let folder = if folder.is_empty() { "mail".to_owned() } else { format!("mail/.{folder}") };
        for part in ["", "/tmp", "/new", "/cur"] {
            let part = self.path(&format!("{folder}{part}"));
            if !part.exists() {
                fs::create_dir(&part).expect("a folder");
                give(&part);
            }
        }
        let number = self.delivered.fetch_add(1, Ordering::Relaxed);
        let arriving = self.path(&format!("{folder}/tmp/{number}"));
        fs::write(&arriving, raw).expect("a mail is written");
        give(&arriving);
        let delivered = self.path(&format!("{folder}/new/1795912266.{number}.tests"));
        fs::rename(arriving, delivered).expect("a mail is delivered");
    }

    /// The mails of a folder, by the name that servers know it by; of the mailbox itself by none. Those are left out that are marked as deleted.
    pub fn mails_in(&self, folder: &str) -> Vec<Vec<u8>> {
        let folder = if folder.is_empty() { "mail".to_owned() } else { format!("mail/.{folder}") };
        let parts = ["new", "cur"].map(|part| self.path(&format!("{folder}/{part}")));
        let files = parts.iter().filter_map(|part| fs::read_dir(part).ok()).flatten().flatten();
        let is_deleted = |name: &str| name.split_once(":2,").is_some_and(|(_, flags)| flags.contains('T'));
        let kept = files.filter(|file| !is_deleted(&file.file_name().to_string_lossy()));
        kept.filter_map(|file| fs::read(file.path()).ok()).collect()
    }

    /// The mails that are marked as taken.
    pub fn marked(&self) -> usize {
        // Keywords are letters at the end of the name: the first is `a`.
        let names =
            ["mail/new", "mail/cur"].into_iter().flat_map(|part| fs::read_dir(self.path(part)).expect("a folder"));
        names.flatten().filter(|entry| entry.file_name().to_string_lossy().ends_with('a')).count()
    }

    /// Ends it, as when its machine goes down.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It takes its own processes with it.
            let _ = Command::new("kill").arg(process.id().to_string()).status();
            process.wait().expect("the mail server ends");
        }
    }

    /// Starts it again, with the mailbox as it is.
    pub async fn resume(&mut self) {
        let program = std::env::var_os("SAYSO_TEST_DOVECOT").unwrap_or_else(|| "/usr/sbin/dovecot".into());
        let mut command = Command::new(program);
        command.arg("-F").arg("-c").arg(self.path("dovecot.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().expect("Dovecot starts; `cargo xtask test PART` installs it"));
        let port = self.port;
        eventually("the mail server answers", || async move { TcpStream::connect(("127.0.0.1", port)).await.is_ok() })
            .await;
    }

    fn path(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    fn settings(&self, sign_in: &str) -> String {
        let (folder, port) = (self.folder.path().display(), self.port);
        let user = if is_root() { NOBODY } else { rustix::process::getuid().as_raw() };
        let group = if is_root() { NOBODY } else { rustix::process::getgid().as_raw() };
        // Without root there is nobody else to be.
        let own = if is_root() {
            String::new()
        } else {
            format!("default_login_user = {user}\ndefault_internal_user = {user}\n")
        };
        format!(
            "base_dir = {folder}/run\nstate_dir = {folder}/state\nlog_path = {folder}/log\nprotocols = imap\nlisten = 127.0.0.1\n\
             ssl = no\ndisable_plaintext_auth = no\nmail_location = maildir:{folder}/mail\nfirst_valid_uid = 1\n{own}\
             {sign_in}\
             userdb {{\n driver = static\n args = uid={user} gid={group} home={folder} allow_all_users=yes\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n inet_listener imaps {{\n port = 0\n }}\n}}\n\
             service anvil {{\n chroot =\n}}\n\
             protocol imap {{\n rawlog_dir = {folder}/commands\n}}\n"
        )
    }
}

impl Drop for ImapServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The settings by which a site reads a mailbox of [`ImapServer`] at `url`.
pub fn mailbox(url: &str, site: &str) -> Imap {
    let password = ImapServer::PASSWORD;
    let text = format!(
        "url = \"{url}\"\nuser = \"care\"\npassword = \"{password}\"\nsite = \"{site}\"\nteams = [\"service\"]\n"
    );
    toml::from_str(&text).expect("settings that hold")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn give(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give files away");
    }
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("our own folder");
}
