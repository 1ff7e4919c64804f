//! A collector in this process.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sayso::audit::Stamp;
use sayso::outbox::egress::Egress;
use sayso::serve::{self, Listeners};
use sayso::service::plan::Prune;
use sayso::service::read::read_in;
use sayso::service::{Surroundings, Unset, store, targets};
use sayso::sites::targets::Target;
use sayso::sites::{Origin, Site, SiteKey};
use sayso::{App, Config};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::process::run;
use crate::{Client, Database};

/// A collector that answers on a random port, with the site `acme` whose pages are at [`TestApp::ORIGIN`].
#[derive(Debug)]
pub struct TestApp {
    /// The shared state, for looking inside and moving the clock.
    pub app: App,
    /// Where it answers, without a slash at the end.
    pub url: String,
    /// Its data folder.
    pub data: TempDir,
    server: JoinHandle<()>,
}

/// How a test's collector differs from the usual one.
pub struct Options {
    /// Changes the settings before the start.
    pub settings: Box<dyn FnOnce(&mut Config) + Send>,
    /// Whether the outbox and housekeeping run by themselves. Without them a test plans and delivers step by step.
    pub background: Background,
}

/// Whether tasks run in the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Only HTTP.
    Off,
    /// Everything, as `sayso serve` does.
    On,
}

impl Default for Options {
    fn default() -> Self {
        Self { settings: Box::new(|_| {}), background: Background::Off }
    }
}

impl TestApp {
    /// The origin of the site `acme`.
    pub const ORIGIN: &'static str = "https://shop.example";

    /// Runs a command of the binary beside this collector; gives its success and what it printed to both outputs.
    pub async fn command(&self, arguments: &[&str]) -> (bool, String) {
        let data = self.data.path().to_owned();
        let url = self.app.config.database_url.reveal().unwrap_or_default().to_owned();
        let arguments: Vec<String> = arguments.iter().copied().map(str::to_owned).collect();
        let run = move || run(&data, &url, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        tokio::task::spawn_blocking(run).await.expect("it runs to its end")
    }

    /// Puts a file into the data folder; gives its path.
    pub fn write_file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.data.path().join(name);
        std::fs::write(&path, content).expect("the data folder can be written");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// Starts one with the usual options.
    pub async fn spawn(database: Database) -> Self {
        Self::spawn_with(database, Options::default()).await
    }

    /// Starts one with its outbox at work.
    pub async fn spawn_working(database: Database, settings: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        Self::spawn_with(database, Options { settings: Box::new(settings), background: Background::On }).await
    }

    /// Starts one.
    pub async fn spawn_with(database: Database, options: Options) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        write_key(data.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let mut config = Config::for_data(data.path()).expect("the defaults hold");
        config.public_url.clone_from(&url);
        config.database_url = database.make_migrated(data.path()).await;
        config.outbox.schedule = vec![1, 60, 300];
        // Tests are many, fast and all from one address; those of the guards set what they test.
        config.limits.submissions_per_minute = 1_000_000;
        config.limits.site_submissions_per_minute = 1_000_000;
        config.limits.proof_from_per_minute = 0;
        config.limits.form_seconds = 0;
        // Debug builds beside others are slow.
        config.limits.search_milliseconds = 30_000;
        (options.settings)(&mut config);
        let listeners = Listeners::beside(listener, &mut config).await.expect("a free port for metrics");
        let app = App::start(config).await.expect("the collector starts");
        let origin = Origin::parse(Self::ORIGIN).expect("an origin");
        let key = SiteKey::parse("acme").expect("a key");
        Site::add(&app.db, &key, "Acme Home", &[origin], &Stamp::command(app.clock.now())).await.expect("a new site");
        let running = app.clone();
        let server = tokio::spawn(async move {
            match options.background {
                Background::On => serve::serve(running, listeners).await,
                Background::Off => serve::serve_http(running, listeners.people).await,
            }
            .expect("the collector serves");
        });
        Self { app, url, data, server }
    }

    /// A client with a cookie jar of its own that does not follow redirects.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// The site `acme`.
    pub async fn site(&self) -> Site {
        Site::by_key(&self.app.db, "acme").await.expect("the harness added it")
    }

    /// Applies `NAME=VALUE` settings to the site `acme`, and moves the clock on so that the collector sees them at once.
    pub async fn set_site(&self, assignments: &[&str]) {
        let mut site = self.site().await;
        for assignment in assignments {
            site.set(assignment).expect("a valid setting");
        }
        site.save(&self.app.db, &Stamp::command(self.app.clock.now())).await.expect("it is stored");
        self.app.clock.advance(1_000);
    }

    /// Applies a service file, as `sayso service apply` does without `--prune`.
    pub async fn apply_service(&self, toml: &str) {
        self.apply_service_in(toml, &[]).await;
    }

    /// Applies a service file in an environment that has these variables.
    pub async fn apply_service_in(&self, toml: &str, variables: &[(&str, &str)]) {
        let (db, keys) = (&self.app.db, &self.app.keys);
        let known = store::load(db).await.expect("the database answers");
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let surroundings = Surroundings {
            variable: &variable,
            egress: Egress::of(&self.app.config),
            unset: Unset::Refused,
            targets: &known.targets,
            typed: None,
            answered: &[],
        };
        let mut wanted = read_in(toml, &known, &surroundings).expect("a service file that holds");
        let now = self.app.clock.now();
        targets::seal(keys, &Target::all(db).await.expect("the database answers"), &mut wanted, now);
        let stamp = Stamp::command(self.app.clock.now());
        store::apply(db, &wanted, Prune::Keep, &stamp).await.expect("it is stored");
        self.app.service.forget();
    }

    /// Stops it as SIGTERM would, and waits for its end.
    pub async fn stop(self) -> TempDir {
        self.app.shutdown.cancel();
        self.server.await.expect("it ends well");
        self.data
    }
}

/// A master key as an operator of PostgreSQL would put it there; it also keeps the environment of the tests out of them.
pub fn write_key(data: &Path) {
    let key = STANDARD.encode([7u8; 32]);
    std::fs::write(data.join(sayso::keys::KEY_FILE), key).expect("the folder is writable");
}
