//! A disk that is full, and later is not.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use reqwest::StatusCode;
use sayso_tests::process::{Served, lasting_port};
use sayso_tests::{Client, eventually, write_key};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::load::Load;
use crate::stage::Stage;

/// A small file system in memory, which only processes that enter its namespace see; so that nobody has to be root for it.
struct SmallDisk {
    holder: Child,
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one of 12 MiB.
    async fn mount() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "unshare"]).args(Self::namespaces(&["--map-root-user"]));
        let script = "mount -t tmpfs -o size=12m,mode=700 tmpfs \"$0\" && echo mounted && exec sleep infinity";
        command.args(["sh", "-c", script]).arg(folder.path());
        let mut holder = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).await.unwrap();
        assert_eq!(
            said, "mounted\n",
            "this test needs a small tmpfs: run it as root, or where users may make namespaces (`unshare --user --mount`)"
        );
        Self { holder, folder }
    }

    fn namespaces<'a>(for_others: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = vec!["--mount"];
        if !rustix::process::geteuid().is_root() {
            arguments.push("--user");
            arguments.extend(for_others);
        }
        arguments
    }

    /// Its folder as the processes inside see it.
    fn inside(&self) -> &Path {
        self.folder.path()
    }

    /// The same folder as seen from here.
    fn outside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id().unwrap()));
        root.join(self.folder.path().strip_prefix("/").unwrap())
    }

    /// The command, run where the small disk is.
    fn enter(&self, command: &Command) -> Command {
        let mut inside = Command::new("nsenter");
        inside.args(["--target", &self.holder.id().unwrap().to_string()]);
        inside.args(Self::namespaces(&["--preserve-credentials"])).arg("--");
        inside.arg(command.as_std().get_program()).args(command.as_std().get_args());
        inside.envs(command.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
        inside
    }

    /// Fills what is left, to the last byte.
    fn fill(&self) {
        let mut ballast = fs::File::options().create(true).append(true).open(self.outside().join("ballast")).unwrap();
        for size in [64 * 1024, 1] {
            let block = vec![0; size];
            while ballast.write_all(&block).is_ok() {}
        }
    }

    /// Makes room again.
    fn clear(&self) {
        fs::remove_file(self.outside().join("ballast")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_asks_for_patience_and_is_recovered_from_without_restart() {
    let stage = Stage::empty(String::new()).await;
    stage.furnish().await;
    let disk = SmallDisk::mount().await;
    write_key(&disk.outside());
    fs::copy(stage.data.path().join("sayso.db"), disk.outside().join("sayso.db")).unwrap();
    let port = lasting_port();
    let command = Served::command(port, disk.inside(), "", &Stage::SETTINGS);
    let mut server = Served::spawn(port, disk.enter(&command));
    server.ready().await;
    let load = Load::start(&[&server.url], 4);
    for _ in 0..sayso_tests::Round::of_this_run().pick(1, 5) {
        load.answers(40).await;
        disk.fill();
        load.refusals(40).await;
        // What is only read is still there.
        let settings = Client::new(&server.url).get("/api/v1/sites/acme").await;
        assert_eq!(settings.status, StatusCode::OK, "{}", settings.body);
        disk.clear();
        load.answers(40).await;
    }
    let answered = load.stop().await;
    let arrived = || async {
        let received = stage.receiver.received();
        let ids: BTreeSet<&str> = received.iter().map(|received| received.header("webhook-id")).collect();
        ids.len() >= answered.len()
    };
    eventually("every case has arrived", arrived).await;
    server.stop().await;

    // What could not be noted as sent while the disk was full is sent again, here by a server on a larger disk.
    for entry in fs::read_dir(disk.outside()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), stage.data.path().join(entry.file_name())).unwrap();
    }
    let server = stage.serve(lasting_port()).await;
    stage.verify(&server.url, &answered).await;
    server.stop().await;
}
